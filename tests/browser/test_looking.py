"""Contrast is looked at once for rows that are drawn alike, and for each that is not."""

from playwright.sync_api import Browser

from tests.browser.looking import looking

ROW = '<tr><td style="color: {colour}; background: white">{text}</td></tr>'


def test_a_row_that_is_drawn_like_no_other_is_looked_at(browser: Browser) -> None:
    colours = ["black"] * 9 + ["#ddd", "#ddd"]
    rows = "".join(ROW.format(colour=it, text=f"row {at}") for at, it in enumerate(colours))
    with looking(browser, "") as look:
        look.page.set_content(f"<table><tbody>{rows}</tbody></table>")

        [found] = look.contrasts()

        assert "row 9" in found and "row 10" not in found and "row 0" not in found
        assert look.page.locator("tr:visible").count() == len(colours)
