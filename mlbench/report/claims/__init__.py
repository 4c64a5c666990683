"""What papers claim of losses, each tested on the records at hand: holds, does not hold, or cannot tell.

A contributor adds one with a function from the analysis to an `Outcome`:

    from mlbench.report.claims.base import Outcome, contest

    @mlbench.register_claim("mine-beats-bce")
    def mine_beats_bce(analysis):
        \"\"\"My loss beats BCE on mAP. | Me, 2026\"\"\"
        return contest(analysis, "map", ["mine"], ["bce"])

The first line of the docstring is the claim; what follows a bar on it is the source.
"""

from mlbench.report.claims.base import Finding, Outcome, Verdict, check_claims, claims_table, contest

__all__ = ["Finding", "Outcome", "Verdict", "check_claims", "claims_table", "contest"]
