"""The form by which the back office is entered."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm


class LoginForm(AuthenticationForm):
    """In plain words: Django's own name the model's field, and a kind of account that nobody has heard of."""

    error_messages: ClassVar[dict[str, Any]] = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("登录名或密码不对，或者您没有进入后台的权限。密码区分大小写。"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("登录名（手机号码）")
