"""The one door to WeChat: API client, tokens, OAuth, JS-SDK signatures and the callback. It knows no app.

Import from the modules: `client` (calls), `oauth`, `jssdk`, `callback` (what WeChat sends), `errors`.
Facts about WeChat are from https://developers.weixin.qq.com/doc/service/ unless a docstring says otherwise.
"""
