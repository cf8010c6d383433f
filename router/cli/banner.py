"""What `slm-router serve` says once it serves: where, with what, and how to begin."""

from router.core.catalog import Price
from router.found import Found
from router.runtime import Runtime


def banner(found: Found, runtime: Runtime, host: str, port: int) -> str:
    """What a newcomer wants to know: where, with what, and how to begin."""
    gateway = runtime.gateway
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else shown}:{port}"
    lines = [f"slm-router listens on {url}/v1", ""]
    if gateway.simulated:
        cause = "" if runtime.settings.simulated else "No model server and no provider key found. "
        lines += [
            f"  SIMULATED. {cause}Simulated models answer:",
            "  their texts are made up, their prices and delays are set.",
            "",
        ]
    others = sorted(set(gateway.policies) - {gateway.default_policy})
    lines.append(f"  policy    {gateway.default.name_at_version}")
    if others:
        lines.append(f"            also: {', '.join(f'auto:{name}' for name in others)}")
    lines.append("  models")
    catalog = gateway.default.catalog
    width = max(map(len, catalog.models), default=0)
    for name, card in catalog.models.items():
        price = "no price known" if card.price is None else _price(card.price)
        makes = "" if catalog.converses(name) else f", {' and '.join(catalog.speaks(name))} by name"
        lines.append(f"            {name:<{width}}  {card.location:<5}  {price}{makes}")
    keys = runtime.settings.require_keys
    lines += [f"  dashboard {url}/"]
    lines += [f"  log       {runtime.settings.decision_log}"]
    lines += [f"  keys      {'every request needs one' if keys else 'none needed: loopback'}", ""]
    lines += [f"  {note}" for note in (found.discovery.notes if found.discovery else ())]
    lines += [f"  NOT SET: {name}, which the catalog names as a key" for name in found.missing_keys]
    lines += [
        *_first_request(f"{url}/v1", "<API key>" if keys else None),
        "",
        "  Stop with Ctrl-C."
        + ("" if found.files else "  Make this set-up yours: slm-router init"),
    ]
    return "\n".join(lines)


def _first_request(url: str, key: str | None) -> list[str]:
    return [
        "  First request:",
        f"    curl -s {url}/chat/completions -H 'content-type: application/json' \\",
        *([f"      -H 'authorization: Bearer {key}' \\"] if key else []),
        '      -d \'{"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}\'',
        "  or point any OpenAI SDK at it:",
        f'    OpenAI(base_url="{url}", api_key="{key or "unused"}")'
        '.chat.completions.create(model="auto", ...)',
    ]


def _price(price: Price) -> str:
    if price.usd_per_hour is not None:
        return f"{price.usd_per_hour:g} USD an hour of its machine"
    return (
        f"{price.input_usd_per_mtok:g} / {price.output_usd_per_mtok:g} USD per million tokens"
        " in / out"
    )
