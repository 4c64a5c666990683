"""A reliability diagram, drawn small."""

from __future__ import annotations

from markupsafe import Markup

from mlbench.report.one_dataset.reliability import Reliability


def reliability_diagram(name: str, found: Reliability) -> Markup:
    """Stated against found, drawn small; the size of a point follows the number of entries."""
    most = found.counts.max()
    points = Markup("").join(
        Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" fill="var(--accent)" fill-opacity=".75"/>').format(
            30 + 160 * x, 170 - 160 * y, 2.5 + 4 * (n / most) ** 0.5
        )
        for x, y, n in zip(found.stated, found.found, found.counts, strict=True)
    )
    path = " ".join(
        f"{30 + 160 * x:.1f},{170 - 160 * y:.1f}" for x, y in zip(found.stated, found.found, strict=True)
    )
    said = f"{name}: off by {found.error:.3f} on average (ECE)"
    return Markup(
        '<figure><svg viewBox="0 0 200 200" role="img" aria-label="{0}" style="width:200px">'
        '<rect x="30" y="10" width="160" height="160" fill="none" stroke="var(--rule)"/>'
        '<line x1="30" y1="170" x2="190" y2="10" stroke="var(--muted)" stroke-dasharray="3 3"/>'
        '<polyline points="{1}" fill="none" stroke="var(--accent)" stroke-width="1.4"/>{2}'
        '<g font-size="10" fill="var(--muted)"><text x="30" y="184">0</text><text x="184" y="184">1</text>'
        '<text x="80" y="196">probability</text><text x="18" y="173">0</text><text x="18" y="18">1</text>'
        '<text transform="translate(12 110) rotate(-90)">share true</text></g></svg>'
        "<figcaption>{0}</figcaption></figure>"
    ).format(said, path, points)
