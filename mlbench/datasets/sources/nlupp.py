"""NLU++: intents of banking and hotel requests, several at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import need
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.datasets.sources.parts.pinned import Repository
from mlbench.datasets.sources.parts.rows import kept_once
from mlbench.errors import DataError

LABELS = (
    *("request_info", "transfer_payment_deposit", "make_open_apply_setup_get_activate"),
    *("wrong_notworking_notshowing", "booking", "card", "account", "change", "how_much", "more_higher_after"),
    *("affirm", "deny", "cancel_close_leave_freeze", "fees_interests", "when", "less_lower_before", "limits"),
    *("international", "dont_know", "handoff", "existing", "lost_stolen", "restaurant", "why", "balance"),
    *("how", "overdraft", "thank", "current", "savings", "appointment", "loan", "refund", "new", "greet"),
    *("contactless", "mortgage", "debit", "direct_debit", "end_call", "acknowledge", "spa", "withdrawal"),
    *("arrival", "credit", "pin", "room_ammenities", "room_service", "cheque", "gym", "standing_order"),
    *("parking", "business", "check_in", "how_long", "swimming_pool", "wifi", "check_out", "pets", "repeat"),
)
"""The most frequent first; two more intents are on fewer than 15 sentences and left out."""

REPOSITORY = Repository("PolyAI-LDN/task-specific-datasets", "57ec275d8078af65b7731c2a98be812d844a6d6b")
DOMAINS = ("banking", "hotels")
FOLDS = {
    "test": (0, 5, 10, 15),
    "validation": (1, 11),
    "train": tuple(fold for fold in range(20) if fold % 5 and fold not in (1, 11)),
}
"""In the order in which a repeated sentence is kept."""

FILES = """
banking/fold0.json 23986 bc9544ba197f5f073d07beab056466997ad986077d1ee46b434a251568034d0c
banking/fold1.json 25824 ebe7cb30185e0884c9f6a20c8650636bb7ed0419d1a1a5608d63eb323f5df2ec
banking/fold2.json 22898 9ce7cc6605cfa7dcb07be2b5f6ecb6cc075db5f344c998963a7a0be34727db99
banking/fold3.json 26062 caff1b2b46503f85ae0ea2add66498857b341c87e87fa3dfbd3e8f12ee092fcd
banking/fold4.json 28099 2c5121f7bcdca72c5a790b6a5ab1de6e0d89f5e9c6038bfa36507942f91aae5e
banking/fold5.json 24249 fbc4252be25dfe5fd81b246eb51bcd9fccf509e43d29968832b99dcd0595449e
banking/fold6.json 25370 fc2cbe872188462202f0fa4abdc4ee3bb38df130530500cb29f0c58c7f130cf1
banking/fold7.json 25169 3029b8f9364ce6fc5ea202dc3b5d00b89a678cc90e49be0b865ace4cd944cea9
banking/fold8.json 29397 7c76964657343991ed2d2c874db11b679b35cbe9fbf1ab05259667c02fd87335
banking/fold9.json 25396 2d26f835b622d2c8bf83f4f29ebfc2cf5b1615f9cf7082e341f2cd77fd5d6a89
banking/fold10.json 24072 a61de5477bd09ac0baa4152705be278f819de5ae60226c65c19d341b01330f6f
banking/fold11.json 24721 cc01ca2a90f3da8c0e9d3762e59d1a84329bd357e5e9f17f490108ce5450b3a6
banking/fold12.json 24470 d47c38523d56a9ffff0ffc1e4daa14339a6e42dfbf7b29ede030f1cc659dd612
banking/fold13.json 24816 cb4c26ebecc7e68b8be0fafb4a691c9199fe6bb1368f0b549d29c6a1d6438fd1
banking/fold14.json 25311 2b5350380c0d13e9cdef211a02b7406d97be2a766081bdab9beba12035948b48
banking/fold15.json 26727 48ab8cf2a87cadfa3be845de6071f91cf22089b6618c471eceb749e6c719739e
banking/fold16.json 26694 29e3bce3fa74908b85ee8c595b17419ae8161414cd4eb682fc41a79abe93c2bc
banking/fold17.json 25756 4bf5dfe9d5114ef0300f970ed4c473eb7a9090900223a01af018e6a3e2a17bee
banking/fold18.json 23889 f4f514ae92501dbe009ef639f229558d966eb63066f6273327558b51b9fcf69a
banking/fold19.json 22584 c24f0fb42c4714d27f8639351c22df75e714e1e3e2451032d73452e4faa3942c
hotels/fold0.json 14054 16724351a44b5c8b32c84a827dcd8530f4d248c6fac4d309d88fd21245fca448
hotels/fold1.json 15431 123aeb21f3c73a47ce7df75ff28ba2cd318c9782f1c779e75e8e9322a36e68e7
hotels/fold2.json 14654 517732b73e40ac30993ec9ca7e7531ca2e7abac829258391961836dd7ebdc2d6
hotels/fold3.json 15041 555561c4484df605b2d180f762559d013bc864b304a6619a172d582eff15f859
hotels/fold4.json 15126 a6c7459c085a09646a1c77de4c70a288076d2426a7f2f15c8838dc4e3d4ee9a6
hotels/fold5.json 15478 489b91cb4132083fc975b85cce9774602e9aa7af46db2b7561884af17e281453
hotels/fold6.json 14559 052e52bf41f87b24c5bbf246e871f6456b105230bd84a8f7f13ff65bedcc2cad
hotels/fold7.json 15278 aa7869f8031cd3caa94675cc92052afd8526cbaa81b400de665fb95ba4b62c6c
hotels/fold8.json 18010 1d20d1b1b0ff349f33649d219b2359828977fd9663ba758e4e9e67672a0954a2
hotels/fold9.json 15162 0346a8658c7e47750d7a8589cd8b3b3e22f8beed3074b6488daa4213f47b5966
hotels/fold10.json 15502 b5ed876c74026c5be1aa6ae3956134a89894e01baa410c1ded1e52e72750839e
hotels/fold11.json 14967 582d1de5ac593226182b5e32c146750b6678a9d6198aef4c0cdfe9ad8b077161
hotels/fold12.json 15966 f36349037466f2cc01430fef6b39ffadb0d4222396c7beae028cf07f333f897a
hotels/fold13.json 16366 ee9773b91c2e37ea566b4f09687b6951a5c44d36e22292cead93eb221904e06a
hotels/fold14.json 16208 722562aa47b087cbd432930064da2e080df0ada23000783a9493786125a22dad
hotels/fold15.json 16500 f2d34e8c75d1e49f29b905de61d6690ae6f85f4e040f6f72882e161a09e57c24
hotels/fold16.json 15767 dac95faf7ba946819714ec5e4e3014d0cf3e054634cc10f1ac9f7693a90280cb
hotels/fold17.json 16600 3e0a95d9c8097d40d8919b5405938c0088a80926d262f03c9234fc93a20a5d33
hotels/fold18.json 13819 1034017ae94f7eb50ecf2cfb4ef850c53e362506b69b02ee7c99f346eec16437
hotels/fold19.json 14296 b0140eecf03dd9e6cb251c1a4b42edff2f4ea2c74079a9988777ee7181ebb3e7
"""


@register_dataset("nlupp")
class NluPlusPlus(PublicSource):
    """Requests to a bank or a hotel with their intents."""

    fingerprint = "d47832d507c5f8f7853ee95d0b56cc1e"

    def card(self) -> Card:
        return Card(
            name="nlupp",
            modality="text",
            task="intents of a banking or hotel request (several at once)",
            labels=60,
            sizes={"train": 2105, "validation": 299, "test": 615},
            cardinality=2.02,
            licence="CC BY 4.0",
            citation="Casanueva, Vulić, Spithourakis, Budzianowski: NLU++: A Multi-Label, Slot-Rich, Generalisable "
            "Dataset for Natural Language Understanding in Task-Oriented Dialogue, NAACL Findings 2022",
            source=REPOSITORY.page,
            access="open",
            protocol="of the 20 published folds 0, 5, 10, 15 are test, 1 and 11 validation, in both domains; repeated "
            "sentences kept once, in test first",
            quirks=("short texts, few rows a label", "12 % of the rows have no label"),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        return REPOSITORY.files("nlupp/data", FILES)

    def vocabulary(self, tree: Tree) -> Sequence[str]:
        return LABELS

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        yield from kept_once({split: _sentences(tree, folds) for split, folds in FOLDS.items()})


def _sentences(tree: Tree, folds: Sequence[int]) -> Iterator[Sample]:
    for domain in DOMAINS:
        for fold in folds:
            file = f"{domain}/fold{fold}.json"
            try:
                rows = json.loads(tree.text(file))
            except ValueError as error:
                raise DataError(f"{file}: not valid JSON: {error}") from None
            for number, row in enumerate(rows):
                labels = [label for label in row.get("intents", ()) if label in LABELS]
                yield Sample(need(row, "text", file), labels, f"{domain}-{fold}-{number}")
