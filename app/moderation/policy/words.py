"""The words that the filter starts with. Every form is written out, and only whole words count.

So «Fittjabotn» and «Kukkola» are places and no more, and no innocent compound is stopped. Staff add and remove words
(the table filter_words). What a word means in Sámi has yet to be read by a speaker.
"""

# Held back until a person has looked: slurs, coarse words for people's bodies, threats.
HARD = frozenset(
    # One row a word and its forms reads better than a list of strings
    """
    fitte fitta fitten fitter fittene fittetryne fittetrynet
    kuk kuken kuker kukene kuksuger kuksugere
    pikk pikken pikkene
    hore hora horer horene horunge horunger horungen horebukk
    ludder luddere ludderet ludra
    knulle knuller knulla knullet knull
    runke runker runka runket runking
    neger negeren negre negrene negrar negrane
    pakkis pakkisen pakkiser pakkisene pakkisar pakkisane
    svarting svartingen svartinger svartingene svartingar svartingane
    lappjævel lappjævler lappjævlar lappfaen lapphelvete lappefaen
    jødesvin jødesvina jødejævel jødefaen
    homojævel homofaen homosvin
    soper sopere soperne soperen
    mongo mongoen mongoer mongis
    nigger niggers nigga faggot faggots
    fuck fucking fucker fuckers motherfucker motherfuckers
    cunt cunts whore whores bitch bitches
    huorra huorat bahtaráigi bahtaráiggi
    vittu vitun huora huoran
    """.split()  # noqa: SIM905
) | frozenset({
    "drep deg", "drepe deg", "drepe dykk", "skyte deg", "skyt deg", "knuse deg", "ta livet av deg", "heng deg",
    "gå og dø", "gå og døy", "kill yourself", "kill you",
})  # fmt: skip

# Marked for the moderator when the text waits anyway; alone they stop nobody.
MILD = frozenset(
    """
    faen fanden faan faens fanken
    helvete helvetes helvette
    jævel jævelen jævla jævlig jævlige jævler jævlar
    drittsekk drittsekken drittsekker drittsekkar
    rasshøl rasshull rævhøl rævhål rævhol
    satan satans
    shit bullshit asshole assholes
    birru birrui beargalat
    perkele saatana
    """.split()  # noqa: SIM905
)
