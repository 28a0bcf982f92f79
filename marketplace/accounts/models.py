"""Users, who sign in by e-mail, and the wallets that they have shown to be theirs."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store a person; the e-mail address is kept in lower case, so that it is one person however it is typed."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person. What they may do follows from memberships; moderators are the market's own people."""

    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField("name", max_length=80, blank=True)
    is_active = models.BooleanField(default=True)
    is_moderator = models.BooleanField(default=False)
    language = models.CharField("language of pages and e-mails", max_length=8, blank=True)
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("email"), name="one_person_per_email")]

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.lower()
        super().save(*args, **kwargs)

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """What every session carries: with another password or another role in the market, no session goes on."""
        known = f"{self.password}|{self.is_moderator}"
        return salted_hmac("marketplace.accounts.User.session", known, secret=secret, algorithm="sha256").hexdigest()


class WalletQuerySet(models.QuerySet["Wallet"]):
    def held_by(self, user_id: int) -> "WalletQuerySet":
        """The person's own; the one for payouts first."""
        return self.filter(user_id=user_id).order_by("-is_payout", "linked_at")


class Wallet(models.Model):
    """An address whose key the person has shown to hold, by signing a message of ours (EIP-4361)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="wallets")
    address = models.CharField("address (EIP-55)", max_length=42, unique=True)
    label = models.CharField("name", max_length=40, blank=True)
    linked_at = models.DateTimeField(default=timezone.now)
    is_payout = models.BooleanField("offered first where payouts go", default=False)

    objects = WalletQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["linked_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(is_payout=True), name="one_payout_wallet_a_person"
            )
        ]

    def __str__(self) -> str:
        return self.label or self.address


class SignInNonceQuerySet(models.QuerySet["SignInNonce"]):
    def fresh(self, now: datetime) -> "SignInNonceQuerySet":
        """Those that are young enough to be answered."""
        return self.filter(created_at__gt=now - SignInNonce.LIFETIME)


class SignInNonce(models.Model):
    """A number used once in a message to be signed; taken when the answer comes, so that it cannot be replayed.

    It is asked by a person who is signed in, or by a browser in which nobody is yet.
    """

    LIFETIME = timedelta(minutes=10)

    class Purpose(models.TextChoices):
        LINK = "link", _("link a wallet")
        SIGN_IN = "sign_in", _("sign in")
        CONFIRM = "confirm", _("confirm who acts")

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE)
    browser = models.CharField("SHA-256 of the secret in the browser's session", max_length=64, blank=True)
    purpose = models.CharField(max_length=7, choices=Purpose, default=Purpose.LINK)
    value = models.CharField(max_length=32, unique=True)
    address = models.CharField("whose signature is expected (EIP-55)", max_length=42)
    message = models.TextField("the message to be signed, word for word")
    created_at = models.DateTimeField(default=timezone.now)

    objects = SignInNonceQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["user", "address"], name="nonce_awaits_signature"),
            models.Index(fields=["browser", "address"], name="nonce_awaits_a_stranger"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(purpose="sign_in", user__isnull=True) & ~models.Q(browser="")
                | models.Q(purpose__in=["link", "confirm"], user__isnull=False, browser=""),
                name="nonce_is_asked_by_a_person_or_a_browser",
            )
        ]
