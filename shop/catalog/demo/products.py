"""The demo catalogue: a dozen products in three categories, in English and German."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    en: str
    de: str


@dataclass(frozen=True)
class DemoProduct:
    slug: str
    category: str
    name: Text
    price: str
    stock: int
    description: Text
    #: What the picture shows, and the second one, if there is one.
    alt: Text
    alt_above: Text | None = None


CATEGORIES = {
    "mugs-and-cups": Text("Mugs and cups", "Becher und Tassen"),
    "tea": Text("Tea", "Tee"),
    "for-brewing": Text("For brewing", "Zum Aufgießen"),
}

PRODUCTS = [
    DemoProduct(
        "harbour-mug",
        "mugs-and-cups",
        Text("Harbour mug", "Hafenbecher"),
        "18.50",
        240,
        Text(
            "A heavy stoneware mug in the blue-grey of the harbour at six in the morning. Thrown and glazed by hand in "
            "a workshop of four, so no two have quite the same rim. Holds 350 ml; goes in the dishwasher.",
            "Ein schwerer Becher aus Steinzeug, blaugrau wie der Hafen um sechs Uhr früh. In einer Werkstatt zu viert "
            "gedreht und glasiert, darum hat keiner ganz denselben Rand. Fasst 350 ml und darf in die Spülmaschine.",
        ),
        Text("A blue-grey stoneware mug with a pale, unglazed foot", "Ein blaugrauer Becher mit hellem Fuß"),
        Text("The mug from above, full of black tea, on a pale table", "Der Becher von oben, voll mit schwarzem Tee"),
    ),
    DemoProduct(
        "orchard-mug",
        "mugs-and-cups",
        Text("Orchard mug", "Obstgartenbecher"),
        "18.50",
        220,
        Text(
            "The Harbour's warmer sister: apple green outside, cream within, with a handle wide enough for four "
            "fingers. Stoneware, 350 ml, dishwasher safe.",
            "Die wärmere Schwester des Hafenbechers: außen apfelgrün, innen cremeweiß, mit einem Henkel für vier "
            "Finger. Steinzeug, 350 ml, spülmaschinenfest.",
        ),
        Text("An apple-green stoneware mug", "Ein apfelgrüner Becher aus Steinzeug"),
        Text("The mug from above, with its wide handle", "Der Becher von oben, mit dem breiten Henkel"),
    ),
    DemoProduct(
        "little-cup",
        "mugs-and-cups",
        Text("Little cup", "Kleine Schale"),
        "12.00",
        310,
        Text(
            "No handle, thin walls, 120 ml: made for the second and third infusion of a green tea, when there is "
            "nothing to hurry for. White porcelain with an unglazed foot.",
            "Ohne Henkel, dünnwandig, 120 ml: für den zweiten und dritten Aufguss eines grünen Tees, wenn nichts eilt. "
            "Weißes Porzellan mit unglasiertem Fuß.",
        ),
        Text("A white porcelain cup without a handle, filled with green tea", "Eine weiße Schale mit grünem Tee"),
        Text("The cup from above on a saucer, filled with green tea", "Die Schale von oben auf einer Untertasse"),
    ),
    DemoProduct(
        "enamel-mug",
        "mugs-and-cups",
        Text("Enamel mug", "Emaillebecher"),
        "14.00",
        400,
        Text(
            "For the garden, the boat and the back of the car. Steel under two coats of white enamel with a dark green "
            "rim; it will chip one day, and look better for it. 400 ml.",
            "Für den Garten, das Boot und den Kofferraum. Stahl unter zwei Schichten weißer Emaille, mit dunkelgrünem "
            "Rand; eines Tages hat er eine Macke und sieht damit besser aus. 400 ml.",
        ),
        Text("A white enamel mug with a dark green rim", "Ein weißer Emaillebecher mit dunkelgrünem Rand"),
        Text("The mug from above: the dark green rim, and tea", "Der Becher von oben: der dunkelgrüne Rand und Tee"),
    ),
    DemoProduct(
        "breakfast-assam",
        "tea",
        Text("Breakfast Assam, 100 g", "Frühstücks-Assam, 100 g"),
        "9.80",
        500,
        Text(
            "Second flush from Dibrugarh: malt, a little honey, and enough strength for milk. Three minutes is plenty. "
            "Makes about forty mugs.",
            "Second Flush aus Dibrugarh: Malz, ein wenig Honig und kräftig genug für Milch. Drei Minuten reichen. "
            "Ergibt etwa vierzig Becher.",
        ),
        Text("A rust-red tin of black tea with its leaves beside it", "Eine rostrote Dose mit schwarzem Tee"),
        Text(
            "A cup of dark, coppery tea, and the dry leaves",
            "Eine Tasse dunkler, kupferner Tee und die trockenen Blätter",
        ),
    ),
    DemoProduct(
        "earl-grey",
        "tea",
        Text("Earl Grey with real bergamot, 100 g", "Earl Grey mit echter Bergamotte, 100 g"),
        "11.20",
        450,
        Text(
            "Ceylon leaf scented with oil pressed from the peel of Calabrian bergamots, and nothing else. Bright "
            "rather than perfumed. Good without milk, very good with a slice of lemon cake.",
            "Ceylon-Blätter mit Öl aus der Schale kalabrischer Bergamotten und sonst nichts. Eher hell als parfümiert. "
            "Gut ohne Milch, sehr gut mit einem Stück Zitronenkuchen.",
        ),
        Text("A dark blue tin of tea and half a bergamot", "Eine dunkelblaue Teedose und eine halbe Bergamotte"),
        Text(
            "A cup of bright amber tea, and the dry leaves", "Eine Tasse heller, bernsteinfarbener Tee und die Blätter"
        ),
    ),
    DemoProduct(
        "sencha",
        "tea",
        Text("Sencha of the first harvest, 50 g", "Sencha der ersten Ernte, 50 g"),
        "16.90",
        260,
        Text(
            "Picked in the last week of April in Shizuoka, steamed the same afternoon. Grassy, sweet, a touch of sea. "
            "Let the water cool to 70 degrees and wait one minute.",
            "In der letzten Aprilwoche in Shizuoka gepflückt und am selben Nachmittag gedämpft. Grasig, süß, ein Hauch "
            "von Meer. Das Wasser auf 70 Grad abkühlen lassen und eine Minute warten.",
        ),
        Text("A green tin of sencha with its leaves beside it", "Eine grüne Dose Sencha mit Blättern"),
        Text("A cup of yellow-green tea, and needles of dry leaf", "Eine Tasse gelbgrüner Tee und nadelfeine Blätter"),
    ),
    DemoProduct(
        "mountain-oolong",
        "tea",
        Text("Mountain oolong, 50 g", "Berg-Oolong, 50 g"),
        "19.40",
        180,
        Text(
            "Rolled leaves from 1,400 metres in Nantou that open slowly, cup after cup: lilac first, then butter, then "
            "something like warm bread. Good for five infusions.",
            "Gerollte Blätter aus 1.400 Metern Höhe in Nantou, die sich Tasse um Tasse öffnen: erst Flieder, dann "
            "Butter, dann etwas wie warmes Brot. Gut für fünf Aufgüsse.",
        ),
        Text("A teal tin of oolong with rolled leaves", "Eine petrolfarbene Dose Oolong mit gerollten Blättern"),
        Text(
            "A cup of golden tea, and leaves rolled into pearls",
            "Eine Tasse goldener Tee und zu Perlen gerollte Blätter",
        ),
    ),
    DemoProduct(
        "evening-mint",
        "tea",
        Text("Evening mint, 60 g", "Abendminze, 60 g"),
        "7.50",
        480,
        Text(
            "Peppermint and lemon balm, dried in the shade on a farm an hour from here. No caffeine. Cover the cup "
            "while it draws, so that the best of it stays in.",
            "Pfefferminze und Zitronenmelisse, im Schatten getrocknet auf einem Hof eine Stunde von hier. Ohne "
            "Koffein. Beim Ziehen die Tasse zudecken, damit das Beste drinbleibt.",
        ),
        Text("A pale mint-green tin and a few mint leaves", "Eine hellgrüne Dose und ein paar Minzblätter"),
        Text("A cup of pale mint tea, and dried mint", "Eine Tasse heller Minztee und getrocknete Minze"),
    ),
    DemoProduct(
        "rooibos-orange",
        "tea",
        Text("Rooibos and orange, 100 g", "Rooibos mit Orange, 100 g"),
        "8.40",
        420,
        Text(
            "Red bush from the Cederberg with dried orange peel and a few cloves. Forgiving: forget it for ten minutes "
            "and it is only rounder. No caffeine.",
            "Rotbusch aus den Zederbergen mit getrockneter Orangenschale und ein paar Nelken. Er verzeiht viel: nach "
            "zehn vergessenen Minuten ist er nur runder. Ohne Koffein.",
        ),
        Text("An orange tin of rooibos and half an orange", "Eine orange Dose Rooibos und eine halbe Orange"),
        Text(
            "A cup of red rooibos, and the cut bush with orange peel",
            "Eine Tasse roter Rooibos und der geschnittene Busch mit Orangenschale",
        ),
    ),
    DemoProduct(
        "glass-teapot",
        "for-brewing",
        Text("Glass teapot for two", "Glaskanne für zwei"),
        "34.00",
        190,
        Text(
            "Borosilicate glass with a steel basket big enough for leaves to move in. Watch the colour, lift the "
            "basket, done. 800 ml; the lid stays on when you pour.",
            "Borosilikatglas mit einem Stahlsieb, in dem die Blätter Platz haben. Die Farbe beobachten, das Sieb "
            "herausheben, fertig. 800 ml; der Deckel bleibt beim Eingießen sitzen.",
        ),
        Text("A round glass teapot with amber tea in it", "Eine runde Glaskanne mit bernsteinfarbenem Tee"),
    ),
    DemoProduct(
        "tea-scoop",
        "for-brewing",
        Text("Beech tea scoop", "Teelöffel aus Buche"),
        "6.20",
        600,
        Text(
            "One level scoop is one mug. Turned from local beech and oiled; the small hole in the handle is for the "
            "nail beside the kettle.",
            "Ein gestrichener Löffel reicht für einen Becher. Aus heimischer Buche gedreht und geölt; das kleine Loch "
            "im Griff ist für den Nagel neben dem Kessel.",
        ),
        Text("A beech scoop with tea leaves in it", "Ein Löffel aus Buchenholz mit Teeblättern"),
    ),
]
