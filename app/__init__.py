"""Innbyggerlab: where the people of Narvik help to shape their town."""
