"""Users, who sign in by e-mail, and the wallets that they have shown to be theirs."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


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


class Wallet(models.Model):
    """An address whose key the person has shown to hold, by signing a message of ours (EIP-4361)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="wallets")
    address = models.CharField("address (EIP-55)", max_length=42, unique=True)
    label = models.CharField("name", max_length=40, blank=True)
    linked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["linked_at"]

    def __str__(self) -> str:
        return self.label or self.address


class SignInNonceQuerySet(models.QuerySet["SignInNonce"]):
    def fresh(self, now: datetime) -> "SignInNonceQuerySet":
        """Those that are young enough to be answered."""
        return self.filter(created_at__gt=now - SignInNonce.LIFETIME)


class SignInNonce(models.Model):
    """A number used once in a message to be signed; taken when the answer comes, so that it cannot be replayed."""

    LIFETIME = timedelta(minutes=10)

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    value = models.CharField(max_length=32, unique=True)
    address = models.CharField("whose signature is expected (EIP-55)", max_length=42)
    message = models.TextField("the message to be signed, word for word")
    created_at = models.DateTimeField(default=timezone.now)

    objects = SignInNonceQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["user", "address"], name="nonce_awaits_signature")]
