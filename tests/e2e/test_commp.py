import pytest

from tests.e2e.commp import piece_cid


@pytest.mark.parametrize(
    ("size", "known"),
    [
        (127, "bafkzcibcaablqfyjsvd3rrmqmd7n4f7i73ybzuxfq4p4za6lft2jeaaaaguxefq"),
        (255, "bafkzcibd7uaqjmtt4eyog4tbtktyg4x5po7elebvcmixf4oc3dpgfxttc6oqj3a7"),
        (1024, "bafkzcibd6adqnsawqnw4bselgfg7ckvyp7zpzmnmtel4bo5fjefjqc6b2362lqrn"),
    ],
)
def test_the_slow_computation_agrees_with_published_vectors(size: int, known: str) -> None:
    assert piece_cid(bytes(i % 251 for i in range(size))) == known
