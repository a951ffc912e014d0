"""The one door to whom is not WeChat: group robots and a gateway for short messages. It knows no app.

Errors are sorted as WeChat's are (`community_report.wechat.errors.ErrorKind`), since the same sender acts on them.
"""
