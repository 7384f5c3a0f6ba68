from dataclasses import asdict

from provenance.media.pdf.orders import LabelOrder, WriteOrder


def test_a_label_survives_its_way_to_the_process():
    label = LabelOrder("AI", 0, (1.0, 2.0, 3.0, 4.0), 11.0, 0.0, {"A": 1, "I": 2}, {"A": 600, "I": 300})
    assert LabelOrder(**asdict(label)) == label
    order = WriteOrder("", label, 0, [False])
    assert asdict(order)["label"]["codes"] == {"A": 1, "I": 2}
