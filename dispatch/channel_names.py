"""Names of channels that others than the channel itself know."""

#: Group messages, which are no channel of the chain: a pending delivery with this name waits for its list.
MASS = "mass"
#: The channels that are not WeChat's: its silence says nothing of them, nor their answers of it.
SMS = "sms"
OUTSIDE_WECHAT = frozenset({SMS})
