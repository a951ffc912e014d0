"""Pages of a tiny application for the phones: a login through WeChat, cookies, a strict policy, the JS-SDK."""

import hashlib
import json
from urllib.parse import quote

from tests.sandbox.conftest import APP_ID, Platform
from tests.sandbox.stub import Reply, Seen, StubApplication

APIS = [
    "chooseImage", "uploadImage", "getLocalImgData", "startRecord", "stopRecord", "uploadVoice", "getLocation",
    "scanQRCode", "closeWindow", "onVoiceRecordEnd", "playVoice",
]  # fmt: skip
SCRIPT = """
"use strict";
window.results = [];
function note(name) {
  return function (result) {
    window.results.push([name, result]);
    document.documentElement.dataset.sdk = name;
  };
}
window.run = function (name, options) {
  return new Promise(function (resolve) {
    wx[name](Object.assign({ success: resolve, fail: resolve, cancel: resolve }, options));
  });
};
fetch("/api/v1/jssdk-config?url=" + encodeURIComponent(location.href.split("#")[0]))
  .then(function (response) { return response.json(); })
  .then(function (config) { wx.config(Object.assign(config, { jsApiList: APIS })); });
wx.ready(note("ready"));
wx.error(note("error"));
""".replace("APIS", json.dumps(APIS))


class WebApplication:
    """`/h5/…` wants a session and shows its path as title; `broken_signature` spoils what it signs."""

    def __init__(self, stub: StubApplication, platform: Platform) -> None:
        self.stub, self.platform = stub, platform
        self.broken_signature = False
        stub.answers |= {
            "/h5/first": self.page, "/h5/second": self.page, "/wechat/oauth/return": self.arrive,
            "/api/v1/jssdk-config": self.config, "/static/page.js": self.script,
        }  # fmt: skip

    def page(self, seen: Seen) -> Reply:
        if "sessionid=in" not in seen.headers.get("Cookie", ""):
            return self.login()
        sdk = f"{self.platform.url}/open/js/jweixin-1.6.0.js"
        body = f"""<!doctype html><html><head><title>{seen.path}</title><script src="{sdk}"></script>
            <script src="/static/page.js"></script></head><body><a href="/h5/second">下一页</a></body></html>"""
        policy = f"default-src 'self'; script-src 'self' {self.platform.url}; frame-ancestors 'none'"
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", policy)]
        return Reply(body, headers=[*headers, ("Set-Cookie", "csrftoken=c5rf; Path=/; SameSite=Lax")])

    def login(self) -> Reply:
        back = quote(f"{self.stub.url}/wechat/oauth/return", safe="")
        query = f"appid={APP_ID}&redirect_uri={back}&response_type=code&scope=snsapi_base&state=s1"
        target = f"{self.platform.url}/connect/oauth2/authorize?{query}#wechat_redirect"
        return Reply(status=302, headers=[("Location", target), ("Set-Cookie", "state=s1; Path=/; SameSite=Lax")])

    def arrive(self, seen: Seen) -> Reply:
        if "state=s1" not in seen.headers.get("Cookie", ""):
            return Reply("no state", status=403)
        session = "sessionid=in; HttpOnly; Path=/; SameSite=Lax"
        return Reply(status=302, headers=[("Location", "/h5/first"), ("Set-Cookie", session)])

    def config(self, seen: Seen) -> Reply:
        ticket = self.platform.get("/cgi-bin/ticket/getticket", type="jsapi")["ticket"]
        text = f"jsapi_ticket={ticket}&noncestr=n&timestamp=1&url={seen.query['url']}"
        signature = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        if self.broken_signature:
            signature = signature[::-1]
        given = {"appId": APP_ID, "timestamp": 1, "nonceStr": "n", "signature": signature}
        return Reply(json.dumps(given), headers=[("Content-Type", "application/json")])

    def script(self, seen: Seen) -> Reply:
        return Reply(SCRIPT, headers=[("Content-Type", "text/javascript")])
