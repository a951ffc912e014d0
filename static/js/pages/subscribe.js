// WeChat's own button for subscription messages: shown where it works, and what was answered.
(function () {
  "use strict";

  const section = document.getElementById("subscribe");
  const button = section.querySelector("wx-open-subscribe");

  // What WeChat draws in a frame of its own, where no style reaches it but the one beside it. Neither is a script.
  const STYLE = "<style>.go { background: #07c160; border: 0; border-radius: 6px; color: #05301a; font-size: 16px; height: 44px; padding: 0 18px; }</style>";

  function part(text, slot) {
    const script = document.createElement("script");
    script.type = "text/wxtag-template";
    if (slot) script.slot = slot;
    script.textContent = text;
    return script;
  }

  function furnish(app) {
    const inside = app.h("button", { type: "button", class: "go", text: button.dataset.label });
    button.append(part(STYLE, "style"), part(inside.outerHTML));
  }

  // "{\"TEMPLATE\": \"{\\\"status\\\":\\\"accept\\\"}\"}", as WeChat gives it.
  function accepted(details) {
    try {
      return Object.values(JSON.parse(details)).some((one) => JSON.parse(one).status === "accept");
    } catch (error) {
      return false;
    }
  }

  function listen(app) {
    button.addEventListener("success", ({ detail }) => {
      app.toast(accepted(detail.subscribeDetails) ? app.gettext("好的，有进展会通知您") : app.gettext("没有订阅，想要时再点"));
    });
    button.addEventListener("error", () => app.toast(app.gettext("现在订阅不了，消息照样会在这里")));
  }

  async function offer() {
    furnish(window.app);
    listen(window.app);
    await window.app.wechat.begin({ quiet: true });
    section.hidden = !(await window.app.wechat.ready());
  }

  // The script of all pages comes after this one. Old phones have the JS-SDK, but not its tags.
  document.addEventListener("DOMContentLoaded", offer);
  document.addEventListener("WeixinOpenTagsError", () => section.remove());
})();
