"""Media, users, codes, menu and the account."""

import io
from urllib.parse import quote

import av
import pytest
import requests
from PIL import Image

from sandbox.client import SandboxClient
from tests.sandbox.conftest import APP_ID, Platform

MENU = {
    "button": [
        {"type": "view", "name": "上报", "url": "http://x.test/h5/reports/new"},
        {"name": "我的", "sub_button": [{"type": "click", "name": "帮助", "key": "help"}]},
    ]
}


def test_media_comes_back_as_a_file_for_three_days(platform: Platform, sandbox: SandboxClient) -> None:
    media_id = sandbox.media(photo="leak")
    answer = platform.response("GET", "/cgi-bin/media/get", params={"media_id": media_id})
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-disposition"] == f'attachment; filename="{media_id}.jpg"'
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.size == (1600, 1200)
    assert picture.getexif()[0x0112] == 6
    assert picture.getexif().get_ifd(0x8825)[1] == "N"
    sandbox.call("POST", "clock", json={"skew": 3 * 86400 + 1})
    platform.token = ""
    late = platform.response("GET", "/cgi-bin/media/get", params={"media_id": media_id})
    assert (late.status_code, late.json()["errcode"]) == (200, 40007)


def test_voice_is_real_amr(platform: Platform, sandbox: SandboxClient) -> None:
    media_id = sandbox.media(seconds=3)
    answer = platform.response("GET", "/cgi-bin/media/get", params={"media_id": media_id})
    assert answer.headers["Content-Type"] == "audio/amr"
    assert answer.content.startswith(b"#!AMR\n")
    with av.open(io.BytesIO(answer.content)) as source:
        packets = sum(1 for packet in source.demux(audio=0) if packet.size)
    assert packets == pytest.approx(150, abs=2)
    jssdk = platform.response("GET", "/cgi-bin/media/get/jssdk", params={"media_id": media_id})
    assert jssdk.json()["errcode"] == 40007


def test_unknown_and_missing_media(platform: Platform) -> None:
    assert platform.get("/cgi-bin/media/get", media_id="nothing")["errcode"] == 40007
    assert platform.get("/cgi-bin/media/get")["errcode"] == 41006


def test_upload_looks_at_the_content(platform: Platform, sandbox: SandboxClient) -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")

    def upload(kind: str, content: bytes) -> dict[str, object]:
        files = {"media": ("x.png", content)}
        return platform.response("POST", "/cgi-bin/media/upload", params={"type": kind}, files=files).json()

    stored = upload("image", out.getvalue())
    assert stored["type"] == "image"
    got = platform.response("GET", "/cgi-bin/media/get", params={"media_id": stored["media_id"]})
    assert got.content == out.getvalue()
    assert upload("image", b"<html>")["errcode"] == 40005
    assert upload("movie", out.getvalue())["errcode"] == 40004
    assert upload("voice", b"#!AMR\n" + bytes(2 * 1024 * 1024))["errcode"] == 40010
    bare = platform.response("POST", "/cgi-bin/media/upload", params={"type": "image"}, data=b"x")
    assert bare.json()["errcode"] == 41005


def test_user_info_has_no_name(platform: Platform, sandbox: SandboxClient, li: str) -> None:
    known = platform.get("/cgi-bin/user/info", openid=li)
    assert (known["subscribe"], known["openid"]) == (1, li)
    assert "nickname" not in known
    sandbox.act("li", "unfollow")
    assert platform.get("/cgi-bin/user/info", openid=li) == {"subscribe": 0, "openid": li}
    assert platform.get("/cgi-bin/user/info", openid="nobody")["errcode"] == 40003
    assert li not in platform.get("/cgi-bin/user/get")["data"]["openid"]


def test_scene_of_a_scan_is_known_to_user_info(platform: Platform, sandbox: SandboxClient) -> None:
    openid = sandbox.new_phone("zhou")["openid"]
    sandbox.act("zhou", "scan", scene="c_fuchen")
    known = platform.get("/cgi-bin/user/info", openid=openid)
    assert (known["subscribe_scene"], known["qr_scene_str"]) == ("ADD_SCENE_QR_CODE", "c_fuchen")


@pytest.mark.parametrize(
    ("action", "scene", "extra"),
    [
        ("QR_SCENE", {"scene_id": 4_294_967_295}, {"expire_seconds": 2_592_000}),
        ("QR_STR_SCENE", {"scene_str": "i_CODE"}, {}),
        ("QR_LIMIT_SCENE", {"scene_id": 100_000}, {}),
        ("QR_LIMIT_STR_SCENE", {"scene_str": "c_fuchen"}, {}),
    ],
)
def test_codes_of_every_kind(
    platform: Platform, url: str, action: str, scene: dict[str, object], extra: dict[str, int]
) -> None:
    body = {"action_name": action, "action_info": {"scene": scene}} | extra
    made = platform.post("/cgi-bin/qrcode/create", body)
    assert made.get("expire_seconds") == (extra.get("expire_seconds", 60) if "LIMIT" not in action else None)
    picture = requests.get(f"{url}/cgi-bin/showqrcode?ticket={quote(made['ticket'])}", timeout=10)
    assert Image.open(io.BytesIO(picture.content)).format == "PNG"


def test_wrong_scenes_are_refused_and_old_ones_expire(platform: Platform, sandbox: SandboxClient) -> None:
    def create(action: str, scene: object, **more: object) -> dict[str, object]:
        body = {"action_name": action, "action_info": {"scene": scene}} | more
        return platform.post("/cgi-bin/qrcode/create", body)

    assert create("QR_LIMIT_SCENE", {"scene_id": 100_001})["errcode"] == 40053
    assert create("QR_SCENE", {"scene_id": 0})["errcode"] == 40053
    assert create("QR_STR_SCENE", {"scene_str": "x" * 65})["errcode"] == 40053
    assert create("QR_STR_SCENE", {"scene_str": "x"}, expire_seconds=2_592_001)["errcode"] == 40053
    create("QR_STR_SCENE", {"scene_str": "soon"}, expire_seconds=60)
    sandbox.act("li", "scan", scene="soon")
    sandbox.call("POST", "clock", json={"skew": 61})
    with pytest.raises(requests.HTTPError) as refused:
        sandbox.act("li", "scan", scene="soon")
    assert "expired" in refused.value.response.json()["error"]


def test_menu_is_kept_shown_and_deleted(platform: Platform) -> None:
    assert platform.get("/cgi-bin/menu/get")["errcode"] == 46003
    assert platform.post("/cgi-bin/menu/create", MENU)["errcode"] == 0
    assert platform.get("/cgi-bin/menu/get")["menu"]["button"][1]["sub_button"][0]["key"] == "help"
    current = platform.get("/cgi-bin/get_current_selfmenu_info")
    assert current["selfmenu_info"]["button"][1]["sub_button"]["list"][0]["name"] == "帮助"
    assert platform.get("/cgi-bin/menu/delete")["errcode"] == 0
    assert platform.get("/cgi-bin/menu/get")["errcode"] == 46003


def test_menu_rules(platform: Platform) -> None:
    view = {"type": "view", "name": "上报", "url": "http://x.test/"}

    def create(*buttons: dict[str, object]) -> int:
        return int(platform.post("/cgi-bin/menu/create", {"button": list(buttons)})["errcode"])

    assert create() == 40016
    assert create(view, view, view, view) == 40016
    assert create(view | {"name": "六个汉字太长"}) == 40018
    assert create(view | {"type": "dance"}) == 40017
    assert create({"type": "click", "name": "键", "key": "k" * 129}) == 40019
    assert create(view | {"url": "http://x.test/" + "a" * 1024}) == 40020
    assert create({"name": "多", "sub_button": [view] * 6}) == 40023


def test_tapping_a_key_is_a_click(platform: Platform, sandbox: SandboxClient) -> None:
    platform.post("/cgi-bin/menu/create", MENU)
    assert "<EventKey><![CDATA[help]]></EventKey>" in sandbox.act("li", "menu", button="1.0")["xml"]
    assert sandbox.act("li", "menu", button="帮助")["event"] == "CLICK"


def test_account_answers(platform: Platform) -> None:
    assert platform.get("/cgi-bin/get_api_domain_ip")["ip_list"] == ["127.0.0.1"]
    assert platform.get("/cgi-bin/template/get_all_private_template")["template_list"][0]["title"] == "新工单提醒"
    ping = platform.post("/cgi-bin/callback/check", {"action": "all"})["ping"]
    assert ping[0]["package_loss"] == "0%"
    used = platform.post("/cgi-bin/openapi/quota/get", {"cgi_path": "/cgi-bin/get_api_domain_ip"})["quota"]["used"]
    assert used == 1
    assert [platform.post("/cgi-bin/clear_quota", {"appid": APP_ID})["errcode"] for _ in range(11)] == [0] * 10 + [
        48006
    ]
