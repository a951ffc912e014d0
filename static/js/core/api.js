// The JSON API: CSRF, the contract's errors as sentences, Retry-After, a network that goes away.
(function () {
  "use strict";

  const app = window.app;
  const gettext = app.gettext;
  const PATIENCE = 20000; // ms until an answer is given up
  const PATIENCE_UPLOAD = 120000;

  // status 0 and code "offline": nothing arrived, or no answer came back.
  class ApiError extends Error {
    constructor(status, body, retryAfter) {
      super(body.detail || gettext("出了点问题，请稍后再试"));
      this.status = status;
      this.code = body.code || "error";
      this.fields = body.fields || {};
      this.body = body;
      this.retryAfter = retryAfter || 0;
    }

    // Worth sending again by itself: the network or the server was away, or stumbled.
    get passing() {
      return this.status === 0 || this.status === 429 || this.status >= 500;
    }
  }

  function offline() {
    return new ApiError(0, { code: "offline", detail: gettext("网络不稳，请稍后再试") });
  }

  function cookie(name) {
    const found = document.cookie.split("; ").find((pair) => pair.startsWith(name + "="));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  function logIn() {
    const here = location.pathname + location.search;
    location.assign("/wechat/oauth/start?next=" + encodeURIComponent(here));
  }

  function failure(status, text, retryAfter) {
    let body = {};
    try {
      body = JSON.parse(text);
    } catch (error) {
      // A proxy's own page: the status says enough.
    }
    if (status === 401) logIn();
    if (status === 429 && retryAfter) {
      const sentence = retryAfter < 90 ? gettext("操作太频繁，请 %(n)s 秒后再试") : gettext("操作太频繁，请 %(n)s 分钟后再试");
      body.detail = app.interpolate(sentence, { n: retryAfter < 90 ? retryAfter : Math.ceil(retryAfter / 60) });
    }
    return new ApiError(status, body, retryAfter);
  }

  async function call(method, path, data) {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), PATIENCE);
    const headers = { Accept: "application/json" };
    const options = { method, headers, credentials: "same-origin", signal: patience.signal };
    if (method !== "GET") headers["X-CSRFToken"] = cookie("csrftoken");
    if (data !== undefined) {
      headers["Content-Type"] = "application/json";
      options.body = JSON.stringify(data);
    }
    let answer;
    let text;
    try {
      answer = await fetch("/api/v1/" + path, options);
      text = await answer.text();
    } catch (error) {
      throw offline();
    } finally {
      clearTimeout(timer);
    }
    if (!answer.ok) throw failure(answer.status, text, Number(answer.headers.get("Retry-After")) || 0);
    return text ? JSON.parse(text) : null;
  }

  function query(values) {
    const pairs = Object.entries(values || {}).filter(([, value]) => value !== "" && value !== null && value !== undefined);
    return pairs.length ? "?" + new URLSearchParams(pairs).toString() : "";
  }

  // fetch tells nothing of an upload's progress; this does. `onProgress` is given 0 to 1.
  function upload(file, name, onProgress) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const form = new FormData();
      form.append("file", file, name);
      request.open("POST", "/api/v1/uploads");
      request.timeout = PATIENCE_UPLOAD;
      request.setRequestHeader("X-CSRFToken", cookie("csrftoken"));
      request.upload.onprogress = (event) => event.lengthComputable && onProgress && onProgress(event.loaded / event.total);
      request.onload = () => {
        if (request.status < 300) resolve(JSON.parse(request.responseText));
        else reject(failure(request.status, request.responseText, Number(request.getResponseHeader("Retry-After")) || 0));
      };
      request.onerror = request.ontimeout = () => reject(offline());
      request.send(form);
    });
  }

  app.ApiError = ApiError;
  app.api = {
    get: (path, values) => call("GET", path + query(values)),
    post: (path, data) => call("POST", path, data || {}),
    patch: (path, data) => call("PATCH", path, data),
    delete: (path) => call("DELETE", path),
    upload,
    token: () => cookie("csrftoken"),
  };
})();
