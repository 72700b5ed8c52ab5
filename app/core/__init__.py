"""What every room stands on; knows neither Flask nor any room."""
