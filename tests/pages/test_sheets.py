"""What the sheets of a report's page offer to staff and managers."""

from accounts.models import Membership, User
from reports.models import Report
from reports.services import transitions
from reports.similar import likely_duplicates
from tests.factories import Cast, bind, role_of

from .opening import open_page


def sheet(report: Report, person: User, name: str) -> str:
    html = open_page(person, f"reports/{report.pk}").html
    return html.split(f'id="act-{name}"')[1].split("</form>")[0]


def test_giving_back_offers_the_colleagues_who_could_take_over(cast: Cast) -> None:
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    offered = sheet(report, cast.cleaner, "release")
    assert "想请哪位同事" in offered
    assert "请赵师傅接手" in offered
    assert "张师傅" not in offered
    assert "孙师傅" not in offered
    Membership.objects.filter(user=cast.cleaner2).update(on_duty=False)
    assert "想请哪位同事" not in sheet(report, cast.cleaner, "release")


def test_assigning_offers_those_of_its_tags_before_all_others(cast: Cast) -> None:
    bind(cast.cleaner, role_of(cast.community, "plumber"))
    offered = sheet(cast.report("hygiene"), cast.manager, "assign")
    assert offered.count(str(cast.cleaner.pk)) == 1
    last_cleaner = max(offered.index(str(person.pk)) for person in (cast.cleaner, cast.cleaner2))
    assert last_cleaner < offered.index(str(cast.plumber.pk))
    assert "保洁员" in offered.split(str(cast.cleaner.pk))[1].split("</label>")[0]


def test_merging_offers_no_board_posts_and_its_own_category_first(cast: Cast) -> None:
    report = cast.report("repair", title="电梯里的灯不亮了")
    post = cast.report("lost", by=cast.neighbour, title="电梯里的灯不亮了，捡到雨伞")
    own = cast.report("repair", by=cast.neighbour, title="水管漏水", description="", address="北门")
    newer = cast.report("hygiene", by=cast.neighbour, title="垃圾桶满了", description="", address="北门")
    offered = sheet(report, cast.manager, "merge")
    assert str(post.pk) not in offered
    assert offered.index(str(own.pk)) < offered.index(str(newer.pk))
    assert str(own.pk) not in sheet(post, cast.manager, "merge")


def test_merging_offers_what_is_most_likely_the_same_first(cast: Cast) -> None:
    report = cast.report(title="电梯里的灯不亮了", description="", address="6幢1单元")
    same = cast.report(by=cast.neighbour, title="电梯灯不亮", description="", address="6幢1单元")
    other = cast.report(by=cast.neighbour, title="北门垃圾桶满了", description="", address="北门")
    offered = sheet(report, cast.manager, "merge")
    assert "很可能是同一件事" in offered
    assert offered.index(str(same.pk)) < offered.index("其他进行中的") < offered.index(str(other.pk))
    assert offered.count(str(same.pk)) == 1


def test_any_open_report_is_found_without_scripts(cast: Cast) -> None:
    report = cast.report(title="电梯里的灯不亮了", description="")
    other = cast.report(by=cast.neighbour, title="北门垃圾桶满了", description="")
    page = open_page(cast.manager, f"reports/{report.pk}/act/merge?q=垃圾桶")
    assert 'name="q" form="merge-find" value="垃圾桶"' in page.html
    assert f'value="{other.pk}"' in page.html
    assert open_page(cast.manager, f"reports/{report.pk}/act/merge?q={other.number}").html.count('name="into"') == 1
    none = open_page(cast.manager, f"reports/{report.pk}/act/merge?q=电梯")  # itself is no other
    assert "没有找到进行中的报单" in none.words
    assert 'name="into"' not in none.html


def test_what_is_ended_or_elsewhere_is_no_duplicate(cast: Cast) -> None:
    report = cast.report(title="电梯里的灯不亮了")
    ended = cast.report(by=cast.neighbour, title="电梯里的灯不亮了")
    transitions.withdraw_report(actor=cast.neighbour, report_id=ended.pk)
    assert likely_duplicates(report) == []


def test_the_same_words_elsewhere_and_of_another_kind_are_less_likely(cast: Cast) -> None:
    report = cast.report("repair", title="灯不亮", description="", address="6幢1单元")
    elsewhere = cast.report("hygiene", by=cast.neighbour, title="灯不亮", description="", address="北门")
    here = cast.report("repair", by=cast.neighbour, title="灯不亮", description="", address="6幢1单元")
    assert likely_duplicates(report) == [here, elsewhere]
