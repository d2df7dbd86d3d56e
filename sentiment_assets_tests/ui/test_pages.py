"""The pages that people read, in a real browser: on a desk and on a phone, in the light, in the dark and on paper."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from testing.browser import DESKTOP, PHONE, needs_chromium, opened
from testing.made_pages import PAGES
from testing.screenshots import PICTURES, SCREENSHOTS, take

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser"), needs_chromium]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("name", list(PAGES))
def test_a_page_is_whole_and_for_everybody(browser: Browser, pages: str, name: str, *, width: int, dark: bool) -> None:
    with opened(browser, pages + PAGES[name], width=width, dark=dark) as found:
        assert found.axe() == ""
        assert not found.is_cut(), "it must be scrolled to the right"
        assert found.errors == []
        assert {each for each in found.requests if not each.startswith(pages)} == set(), "all of it is its own"


@pytest.mark.parametrize("name", list(PAGES))
def test_on_paper_nothing_is_cut(browser: Browser, pages: str, name: str) -> None:
    with opened(browser, pages + PAGES[name], width=700, dark=True) as found:
        found.page.emulate_media(media="print")
        assert not found.is_cut()
        ground = found.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(255, 255, 255)", "ink is for letters"
        assert found.page.pdf().startswith(b"%PDF")


def test_every_number_of_the_report_opens_as_many_reviews(browser: Browser, pages: str) -> None:
    with opened(browser, pages + PAGES["report"]) as found:
        links = found.page.eval_on_selector_all(
            'a[href*="reviews.html#"]', "all => all.map(a => [a.textContent.trim(), a.href])"
        )
    assert len(links) > 20
    with opened(browser, pages + PAGES["reviews"]) as found:
        for number, address in links:
            found.page.goto(address)
            said = found.page.locator("#count").inner_text()
            shown = int(re.sub(r"\D", "", re.findall(r"[\d,]+", said)[0]))
            assert shown == int(number.replace(",", "")), (address, said)


def test_from_a_word_of_complaint_to_a_review_that_says_it_in_two_clicks(browser: Browser, pages: str) -> None:
    with opened(browser, pages + PAGES["report"], width=PHONE) as found:
        complaint = found.page.locator("#complaint h3").first
        word = complaint.inner_text().split("\n")[0].split()[0]
        complaint.locator("a").click()
        found.page.wait_for_selector("#rows li")
        marked = {text.lower() for text in found.page.locator("#rows li mark").all_inner_texts()}
        assert any(word.lower() in text for text in marked)
        assert found.errors == []


def test_reviews_are_searched_and_filtered_without_a_server(browser: Browser, pages: str, tmp_path: Path) -> None:
    with opened(browser, pages + PAGES["reviews"]) as found:
        before = found.page.locator("#count").inner_text()
        found.page.fill("input[name=text]", "blorp")
        found.page.wait_for_function("before => document.getElementById('count').innerText != before", arg=before)
        found.page.wait_for_selector("#rows li")
        assert all("blorp" in text for text in found.page.locator("#rows li").all_inner_texts())
        found.page.select_option("select[name=label]", index=1)
        found.page.wait_for_timeout(300)
        assert "label=" in found.page.url
        assert "text=blorp" in found.page.url, "the address holds what was chosen"
        found.page.click("#clear")
        found.page.wait_for_function("before => document.getElementById('count').innerText == before", arg=before)


def test_review_text_is_never_markup_in_a_browser(browser: Browser, pages: str) -> None:
    with opened(browser, pages + PAGES["report"]) as found:
        assert found.page.get_by_text("<b>east</b>").count() >= 1
        assert found.page.locator("b", has_text="east").count() == 0


def test_the_drift_page_answers_first_and_opens_each_batch(browser: Browser, pages: str) -> None:
    with opened(browser, pages + PAGES["drift"], width=PHONE) as found:
        verdict = found.page.locator("header .lead").inner_text()
        assert verdict.startswith("No: since 2026-summer.csv, because ")
        spring = found.page.locator("details", has_text="2026-spring.csv").first
        spring.locator("summary").click()
        assert spring.locator("td", has_text="text_drift").first.is_visible()


def test_from_the_index_to_the_reviews_of_a_shop_in_three_clicks(browser: Browser, pages: str) -> None:
    with opened(browser, pages) as found:
        found.page.get_by_role("row", name="acme").get_by_role("link").first.click()
        found.page.get_by_role("link", name="north").click()
        assert "north" in found.page.locator("h1").inner_text()
        found.page.locator('a[href*="reviews.html#"]').first.click()
        found.page.wait_for_selector("#rows li")
        assert found.errors == []


@pytest.mark.parametrize("name", list(SCREENSHOTS))
def test_a_picture_in_the_documentation_says_what_the_page_says_today(browser: Browser, pages: str, name: str) -> None:
    _, text = take(browser, pages, SCREENSHOTS[name])
    assert text == (PICTURES / f"{name}.txt").read_text(), "run: make screenshots"
