/* The JS-SDK of the simulated WeChat: the interface of jweixin-1.6.0.js (wechat.md section 3), with a phone behind it
   that answers under /__phone__/jssdk/ of the page's own host. Inside the page of the phones, what WeChat shows itself
   (album, scanner, map) is shown there; anywhere else the phone answers by itself. */
(function () {
  "use strict";

  var state = "new";
  var allowed = [];
  var readyCallbacks = [];
  var errorCallback = null;
  var recording = null;
  var player = null;
  var uploading = false;
  var listeners = { recordEnd: null, playEnd: null };
  var framed = window.parent !== window;
  var questions = {};
  var lastQuestion = 0;
  var wx = {};

  function post(name, body) {
    return fetch("/__phone__/jssdk/" + name, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body || {}),
    })
      .then(function (response) {
        return response.ok ? response.json() : { ok: false, error: "fail" };
      })
      .then(function (answer) {
        if (answer.ok) return answer;
        throw new Error(answer.error);
      });
  }

  /* Asks the page of the phones; null when nobody there has heard the question. */
  function ask(what, data) {
    if (!framed) return Promise.resolve(null);
    lastQuestion += 1;
    var id = lastQuestion;
    return new Promise(function (resolve) {
      var deaf = setTimeout(function () {
        delete questions[id];
        resolve(null);
      }, 800);
      questions[id] = { heard: function () { clearTimeout(deaf); }, resolve: resolve };
      window.parent.postMessage({ sandbox: "ask", id: id, what: what, data: data || {} }, "*");
    });
  }

  function tell(what, data) {
    if (framed) window.parent.postMessage({ sandbox: "tell", what: what, data: data || {} }, "*");
  }

  window.addEventListener("message", function (event) {
    var message = event.data || {};
    if (event.source !== window.parent || !questions[message.id]) return;
    if (message.sandbox === "heard") questions[message.id].heard();
    if (message.sandbox === "answer") {
      questions[message.id].resolve(message.data);
      delete questions[message.id];
    }
  });

  function finish(options, kind, result) {
    if (typeof options[kind] === "function") options[kind](result);
    if (typeof options.complete === "function") options.complete(result);
  }

  function succeed(name, options, result) {
    var answer = Object.assign({}, result, { errMsg: name + ":ok" });
    delete answer.ok;
    finish(options, "success", answer);
  }

  function refuse(name, options, error) {
    var text = error && error.message ? error.message : "fail";
    if (text === "cancel") finish(options, "cancel", { errMsg: name + ":cancel" });
    else finish(options, "fail", { errMsg: name + ":" + text });
  }

  /* Declares an interface: refused unless wx.config has passed and named it. */
  function define(name, run) {
    wx[name] = function (options) {
      options = options || {};
      if (state !== "ready" || allowed.indexOf(name) < 0) {
        refuse(name, options, new Error("the permission value is offline verifying"));
        return;
      }
      if (typeof options.trigger === "function") options.trigger({});
      Promise.resolve()
        .then(function () { return run(options); })
        .then(
          function (result) { succeed(name, options, result); },
          function (error) { refuse(name, options, error); }
        );
    };
  }

  wx.config = function (options) {
    state = "pending";
    allowed = (options.jsApiList || []).slice();
    var given = {
      appId: options.appId, timestamp: options.timestamp, nonceStr: options.nonceStr, signature: options.signature,
      jsApiList: allowed, url: location.href.split("#")[0],
    };
    post("config", given).then(
      function () {
        state = "ready";
        if ((options.openTagList || []).indexOf("wx-open-subscribe") >= 0) drawOpenTags();
        if (options.debug) console.log("config:ok");
        readyCallbacks.splice(0).forEach(function (callback) { callback(); });
      },
      function (error) {
        state = "failed";
        var result = { errMsg: "config:" + error.message };
        if (options.debug) console.warn(result.errMsg);
        if (errorCallback) errorCallback(result);
      }
    );
  };

  wx.ready = function (callback) {
    if (state === "ready") callback();
    else readyCallbacks.push(callback);
  };

  wx.error = function (callback) {
    errorCallback = callback;
  };

  wx.checkJsApi = function (options) {
    var known = {};
    (options.jsApiList || []).forEach(function (name) { known[name] = typeof wx[name] === "function"; });
    succeed("checkJsApi", options, { checkResult: known });
  };

  define("chooseImage", function (options) {
    var count = Math.min(options.count || 9, 9);
    return ask("album", { count: count }).then(function (picked) {
      if (picked && picked.cancel) throw new Error("cancel");
      if (picked && picked.localIds) return { localIds: picked.localIds };
      return post("choose", { count: count, names: picked ? picked.names : null });
    }).then(function (answer) {
      return { localIds: answer.localIds, sourceType: "album" };
    });
  });

  define("getLocalImgData", function (options) {
    return post("image-data", { localId: options.localId });
  });

  function upload(name, options) {
    if (uploading) return Promise.reject(new Error("fail, another upload is running"));
    uploading = true;
    if (options.isShowProgressTips !== 0) tell("progress", { on: true });
    function done() {
      uploading = false;
      tell("progress", { on: false });
    }
    return post(name, { localId: options.localId }).then(
      function (answer) { done(); return answer; },
      function (error) { done(); throw error; }
    );
  }

  define("uploadImage", function (options) { return upload("upload-image", options); });
  define("uploadVoice", function (options) { return upload("upload-voice", options); });

  define("downloadImage", function () { throw new Error("fail, not simulated"); });
  define("downloadVoice", function (options) { return post("download-voice", { serverId: options.serverId }); });

  define("previewImage", function (options) {
    showPicture(options.current || (options.urls || [])[0], options.urls || []);
    return {};
  });

  /* Styles go through the object model, which a content security policy does not touch. */
  function showPicture(current, urls) {
    var layer = document.createElement("div");
    var image = document.createElement("img");
    var index = Math.max(0, urls.indexOf(current));
    Object.assign(layer.style, {
      position: "fixed", inset: "0", zIndex: "2147483647", background: "#000", display: "flex",
      alignItems: "center", justifyContent: "center", cursor: "zoom-out",
    });
    Object.assign(image.style, { maxWidth: "100%", maxHeight: "100%" });
    image.alt = "";
    image.src = current;
    layer.setAttribute("role", "dialog");
    layer.setAttribute("aria-label", "图片");
    layer.tabIndex = -1;
    layer.appendChild(image);
    layer.addEventListener("click", function (event) {
      if (urls.length > 1 && event.clientX > window.innerWidth * 0.66 && index < urls.length - 1) {
        index += 1;
        image.src = urls[index];
      } else layer.remove();
    });
    layer.addEventListener("keydown", function (event) { if (event.key === "Escape") layer.remove(); });
    document.body.appendChild(layer);
    layer.focus();
  }

  define("startRecord", function () {
    return post("record-start").then(function () {
      tell("recording", { on: true });
      recording = setTimeout(function () {
        stopRecording().then(function (answer) {
          if (listeners.recordEnd) finish(listeners.recordEnd, "success", { localId: answer.localId, errMsg: "onVoiceRecordEnd:ok" });
        });
      }, 60000);
      return {};
    });
  });

  function stopRecording() {
    clearTimeout(recording);
    recording = null;
    tell("recording", { on: false });
    return post("record-stop");
  }

  define("stopRecord", function () {
    return stopRecording().then(function (answer) { return { localId: answer.localId }; });
  });

  define("playVoice", function (options) {
    if (player) player.audio.pause();
    var audio = new Audio("/__phone__/local?id=" + encodeURIComponent(options.localId));
    player = { audio: audio, localId: options.localId };
    audio.addEventListener("ended", function () {
      if (listeners.playEnd) finish(listeners.playEnd, "success", { localId: options.localId, errMsg: "onVoicePlayEnd:ok" });
    });
    return audio.play().then(function () { return {}; }, function () { return {}; });
  });

  define("pauseVoice", function () {
    if (player) player.audio.pause();
    return {};
  });

  define("stopVoice", function () {
    if (player) {
      player.audio.pause();
      player.audio.currentTime = 0;
    }
    return {};
  });

  ["onVoiceRecordEnd", "onVoicePlayEnd"].forEach(function (name) {
    wx[name] = function (options) {
      if (state !== "ready" || allowed.indexOf(name) < 0) {
        refuse(name, options, new Error("the permission value is offline verifying"));
        return;
      }
      listeners[name === "onVoiceRecordEnd" ? "recordEnd" : "playEnd"] = options;
    };
  });

  define("translateVoice", function (options) { return post("translate", { localId: options.localId }); });
  define("getLocation", function (options) { return post("location", { type: options.type || "wgs84" }); });

  define("openLocation", function (options) {
    tell("map", {
      latitude: options.latitude, longitude: options.longitude, name: options.name, address: options.address,
    });
    return {};
  });

  define("scanQRCode", function (options) {
    return ask("scan", {}).then(function (picked) {
      if (picked && picked.cancel) throw new Error("cancel");
      return post("scan", { result: picked ? picked.result : null });
    }).then(function (answer) {
      return options.needResult ? { resultStr: answer.resultStr } : {};
    });
  });

  define("closeWindow", function () {
    tell("close");
    if (!framed) location.href = "/__phone__/closed";
    return {};
  });

  [
    "hideOptionMenu", "showOptionMenu", "hideMenuItems", "showMenuItems", "hideAllNonBaseMenuItem",
    "showAllNonBaseMenuItem", "updateAppMessageShareData", "updateTimelineShareData", "onMenuShareAppMessage",
    "onMenuShareTimeline", "getNetworkType",
  ].forEach(function (name) {
    define(name, function () { return name === "getNetworkType" ? { networkType: "wifi" } : {}; });
  });

  /* The open tag for subscription messages. WeChat draws it in a frame of its own; here it is a shadow tree, whose
     styles go through the object model as well. */
  function drawOpenTags() {
    if (customElements.get("wx-open-subscribe")) return;
    customElements.define("wx-open-subscribe", class extends HTMLElement {
      connectedCallback() {
        if (this.shadowRoot) return;
        var root = this.attachShadow({ mode: "open" });
        var parts = Array.from(this.querySelectorAll("script[type='text/wxtag-template']"));
        var sheet = new CSSStyleSheet();
        var body = parts.filter(function (part) { return part.slot !== "style"; });
        var styles = parts.filter(function (part) { return part.slot === "style"; });
        sheet.replaceSync(styles.map(function (part) { return part.textContent.replace(/<\/?style[^>]*>/g, ""); }).join("\n"));
        root.adoptedStyleSheets = [sheet];
        root.innerHTML = body.map(function (part) { return part.textContent; }).join("");
        root.addEventListener("click", this.ask.bind(this));
      }

      ask() {
        var tag = this;
        var templates = (tag.getAttribute("template") || "").split(",").map(function (one) { return one.trim(); });
        askToSubscribe(function (allow) {
          post("subscribe", { templates: templates, allow: allow }).then(
            function (answer) {
              tag.say("success", { errMsg: "subscribe:ok", subscribeDetails: answer.subscribeDetails });
            },
            function (error) { tag.say("error", { errMsg: "subscribe:fail " + error.message, errCode: "10002" }); }
          );
        });
      }

      say(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail: detail })); }
    });
  }

  function askToSubscribe(answer) {
    var layer = document.createElement("div");
    var words = document.createElement("p");
    Object.assign(layer.style, {
      position: "fixed", inset: "auto 0 0 0", zIndex: "2147483647", background: "#fff", color: "#111", padding: "24px",
      borderRadius: "12px 12px 0 0", boxShadow: "0 0 0 100vmax rgb(0 0 0 / 50%)", textAlign: "center", fontSize: "17px",
    });
    words.textContent = "允许公众号给您发送一条服务通知？";
    layer.setAttribute("role", "dialog");
    layer.setAttribute("aria-label", "订阅消息");
    layer.appendChild(words);
    [["取消", false, "#f2f2f2", "#07c160"], ["允许", true, "#07c160", "#fff"]].forEach(function (choice) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = choice[0];
      Object.assign(button.style, {
        background: choice[2], color: choice[3], border: "0", borderRadius: "8px", margin: "8px", minWidth: "120px", height: "48px",
      });
      button.addEventListener("click", function () {
        layer.remove();
        answer(choice[1]);
      });
      layer.appendChild(button);
    });
    document.body.appendChild(layer);
  }

  window.wx = window.jWeixin = wx;
  if (/iPhone/.test(navigator.userAgent)) window.__wxjs_is_wkwebview = true;
  window.WeixinJSBridge = {
    invoke: function (name, options, callback) { if (callback) callback({ err_msg: name + ":ok" }); },
    call: function (name) { if (name === "closeWindow") tell("close"); },
    on: function () {},
  };
  document.dispatchEvent(new Event("WeixinJSBridgeReady"));
})();
