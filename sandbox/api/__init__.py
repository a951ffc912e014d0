"""The platform's server interfaces: what stands at api.weixin.qq.com and mp.weixin.qq.com."""
