"""PieceCIDs that independent implementations agree on (FRC-0069)."""

from __future__ import annotations

from typing import NamedTuple


class Vector(NamedTuple):
    kind: str
    size: int
    height: int
    padding: int
    text: str
    v1_text: str

    def payload(self) -> bytes:
        return zeros(self.size) if self.kind == "zeros" else ramp(self.size)


def zeros(size: int) -> bytes:
    return bytes(size)


def ramp(size: int) -> bytes:
    """Bytes ``i % 251``, so that no power of two divides the period."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


VECTORS = (
    Vector(
        "zeros",
        65,
        2,
        62,
        "bafkzcibchybdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy",
        "baga6ea4seaqdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy",
    ),
    Vector(
        "ramp",
        65,
        2,
        62,
        "bafkzcibchybf6367oipoivsx6vr7ozaogsas7r6zaf22o4egyyy4jkcazlnyona",
        "baga6ea4seaqf6367oipoivsx6vr7ozaogsas7r6zaf22o4egyyy4jkcazlnyona",
    ),
    Vector(
        "ramp",
        126,
        2,
        1,
        "bafkzcibcaebjqxueozfakxcrrzwg5c5eiwox2xy75olpgrxnum44cvkti5tlsay",
        "baga6ea4seaqjqxueozfakxcrrzwg5c5eiwox2xy75olpgrxnum44cvkti5tlsay",
    ),
    Vector(
        "zeros",
        127,
        2,
        0,
        "bafkzcibcaabdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy",
        "baga6ea4seaqdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy",
    ),
    Vector(
        "ramp",
        127,
        2,
        0,
        "bafkzcibcaablqfyjsvd3rrmqmd7n4f7i73ybzuxfq4p4za6lft2jeaaaaguxefq",
        "baga6ea4seaqlqfyjsvd3rrmqmd7n4f7i73ybzuxfq4p4za6lft2jeaaaaguxefq",
    ),
    Vector(
        "zeros",
        128,
        3,
        126,
        "bafkzcibcpybwiktap34inmaex4wbs6cghlq5i2j2yd2bb2zndn5ep7ralzphkdy",
        "baga6ea4seaqgiktap34inmaex4wbs6cghlq5i2j2yd2bb2zndn5ep7ralzphkdy",
    ),
    Vector(
        "ramp",
        128,
        3,
        126,
        "bafkzcibcpybqj7qkb57afev2spxmfdh2s3arntdku6yeeipwuhmsv4pnfgbewmy",
        "baga6ea4seaqaj7qkb57afev2spxmfdh2s3arntdku6yeeipwuhmsv4pnfgbewmy",
    ),
    Vector(
        "ramp",
        255,
        4,
        253,
        "bafkzcibd7uaqjmtt4eyog4tbtktyg4x5po7elebvcmixf4oc3dpgfxttc6oqj3a7",
        "baga6ea4seaqle47bgdrxeym2u6bxf7l3xzczanitcfzpdqwy3zrn44yxtucoyhy",
    ),
    Vector(
        "ramp",
        1_000,
        5,
        16,
        "bafkzcibccaczkwakmxi5yn4p4xwck5asr7qyawoizfdhjtakqqrg2tivrdlb2ny",
        "baga6ea4seaqjkwakmxi5yn4p4xwck5asr7qyawoizfdhjtakqqrg2tivrdlb2ny",
    ),
    Vector(
        "ramp",
        1_016,
        5,
        0,
        "bafkzcibcaacshny7nxirb7epwls6lfakfskgamv5o7tzzyjx3cviq7r2fe32ejq",
        "baga6ea4seaqchny7nxirb7epwls6lfakfskgamv5o7tzzyjx3cviq7r2fe32ejq",
    ),
    Vector(
        "ramp",
        1_024,
        6,
        1_008,
        "bafkzcibd6adqnsawqnw4bselgfg7ckvyp7zpzmnmtel4bo5fjefjqc6b2362lqrn",
        "baga6ea4seaqmqfudnxamrczrjxysvod76l6ldlezc7alxjkjbkmaxqow7ws4eli",
    ),
    Vector(
        "ramp",
        1_000_003,
        15,
        40_381,
        "bafkzcibexw5qed3osqq7dv4c4j7cz5gnx74sbxpyxnbso47y3fn7r3l2mcefykrqbq",
        "baga6ea4seaqg5fbb6hlyfyt6ft2m3p7zedo7ro2de5z7rwk37dwxuyeilqvdada",
    ),
    Vector(
        "zeros",
        1_048_576,
        16,
        1_032_192,
        "bafkzcibeqcad6egqwuynxmfu6jof2lzkfdp65aelknasuautd4mmjgpvujkaq2ytey",
        "baga6ea4seaqnbnjq3oylj4s4luxsukg752aiwu2bfibjghyyysm7lisubbvrgjq",
    ),
    Vector(
        "ramp",
        1_048_576,
        16,
        1_032_192,
        "bafkzcibeqcad6ec7b3pqt35rpozogshuebnijtmrs4mlfvqvgem7kqrdr5gnxaxjdu",
        "baga6ea4seaqf6dw7bhx3c65s4nepiic2qtgzdfyywllbkmiz6vbchd2m3oboshi",
    ),
    Vector(
        "ramp",
        8_126_464,
        18,
        196_608,
        "bafkzcibeqcaayeveawebccqwnlnc47xx4lmtslgljg4zjni6umulvyruh4xgdeskdq",
        "baga6ea4seaqkibmicefbm2w2fz7ppywzhewmwsnzss2r5izixlrdipzomgjeuha",
    ),
    Vector(
        "zeros",
        16_777_216,
        20,
        16_515_072,
        "bafkzcibfqcapabyu3l62w3njgzcfhqtngnzgxh7p4nb35d4bmspmacnk2p5p6udbouea",
        "baga6ea4seaqnv7nlnwutmrctyjwtg4tlt7x6gq56r6awjhwabgvnh6x7kbqxkca",
    ),
    Vector(
        "ramp",
        16_777_216,
        20,
        16_515_072,
        "bafkzcibfqcapabyu36x35spcomeizxbv7khzyljkznpfnfii2nb7fmd6nhbtyzpy2afq",
        "baga6ea4seaqn7l56zhrhgcem3q27vd44fuvmwxswsuengq7swb7gtqz4mx4nacy",
    ),
    Vector(
        "zeros",
        0,
        2,
        127,
        "bafkzcibcp4bdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy",
        "baga6ea4seaqdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy",
    ),
)
