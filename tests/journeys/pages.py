"""What the walk knows of addresses: which are no pages, and whose the others are. Everything else is found out."""

from typing import Final

# For programs, by how the address begins; and the developer's letter box.
FOR_PROGRAMS: Final = ("api/", "gw/", "favicon.ico", "robots.txt", "sitemap", "healthz", "readyz", "mail/")
# Take what a form or a wallet sends, and show nothing.
SENT_TO: Final = {
    "accounts:language", "accounts:link_proven", "accounts:prefer_wallet", "catalog:make_list", "catalog:prose",
    "catalog:remove_list", "catalog:put_list_back", "catalog:take_off", "catalog:put_back", "catalog:submit",
    "escrow:authorize", "escrow:authorized", "escrow:own", "escrow:own_signed", "escrow:own_allowed",
    "escrow:own_sent", "escrow:renew_authorize", "escrow:renew_authorized", "escrow:renew_own",
    "escrow:renew_own_signed", "escrow:renew_own_allowed", "escrow:renew_own_sent", "escrow:renew_give_up",
    "escrow:give_up", "escrow:take_back", "escrow:cancel", "escrow:cancel_sent", "escrow:withdraw",
    "escrow:withdraw_sent", "escrow:stop_calls", "escrow:stop_calls_sent", "escrow:close_calls",
    "escrow:close_calls_sent", "disputes:sign", "disputes:signed", "disputes:drop", "disputes:say", "disputes:stop",
    "disputes:stop_sent", "disputes:timeout", "disputes:timeout_sent", "disputes:resolve", "disputes:resolved",
    "disputes:appeal",
    "governance:propose_send", "governance:delegate_send", "governance:sent",
    "governance:connect", "governance:ballot", "governance:act", "governance:ballot_sign",
    "governance:ballot_signed", "governance:ballot_send", "governance:ballot_again",
    "governance:delegate_sign", "governance:delegate_signed", "governance:statement_sign",
    "governance:statement_signed", "governance:draft_send", "governance:draft_open",
    "governance:draft_opened", "governance:draft_close", "governance:draft_reopen", "governance:discussion_say",
    "governance:discussion_said",
    "governance:comment_withdraw", "governance:comment_withdrawn", "moderation:check_books", "notifications:open",
    "notifications:read_all", "organizations:invite", "organizations:resend", "organizations:revoke",
    "organizations:payouts", "organizations:ask_verification", "organizations:name_domain",
    "organizations:add_document", "organizations:remove_document", "privacy:person_export", "privacy:person_keep",
    "privacy:organization_export", "privacy:organization_keep", "subscriptions:stop",
}  # fmt: skip
FILES: Final = {
    "organizations:document", "moderation:document", "privacy:person_download", "privacy:organization_download",
    "escrow:statement_csv", "escrow:statement_pdf", "mfa_download_recovery_codes", "catalog:export",
    "catalog:picture", "catalog:own_picture", "moderation:picture",
    "disputes:file", "disputes:case_file", "disputes:case_evidence", "escrow:evidence",
    "governance:ballot_file", "governance:votes_csv", "governance:votes_json", "governance:feed",
    "governance:calendar", "governance:treasury_csv", "governance:discussion_feed", "escrow:invoice_pdf",
    "disputes:rulings_feed", "disputes:statement", "disputes:reasoning",
}  # fmt: skip
# Parts of a page, for htmx, and answers for a script.
PARTS: Final = {
    "accounts:sign_in_message", "accounts:wallet_message", "catalog:suggestions", "governance:standing",
    "governance:eligibility", "governance:ballot_life", "governance:delegation_life", "notifications:bell",
}  # fmt: skip
# Lead elsewhere, always or when nothing is under way.
LEADING_ON: Final = {"mfa_login_webauthn", "governance:rule", "organizations:find_vote", "organizations:ask_vote"}
NO_PAGES: Final = SENT_TO | FILES | PARTS | LEADING_ON

# Pages below an organization that has the object: the buyer's or the provider's; both go to all others.
BUYERS: Final = {
    "subscriptions:checkout", "subscriptions:detail", "subscriptions:asked", "escrow:pay", "escrow:money",
    "escrow:renew", "escrow:change", "escrow:invoice",
    "gateway:form", "gateway:run", "gateway:revoke", "gateway:limit", "catalog:save", "catalog:saved_list",
    "catalog:rename_list", "catalog:change_saved", "reviews:write", "catalog:make_list", "catalog:remove_list",
    "privacy:organization_download", "disputes:open", "subscriptions:further", "organizations:vote",
}  # fmt: skip
PROVIDERS: Final = {
    "catalog:preview", "catalog:edit", "catalog:edit_calls", "catalog:edit_plans", "catalog:edit_data",
    "catalog:edit_media",
    "catalog:export", "catalog:retire", "gateway:service_key", "gateway:test", "gateway:trial_terms",
    "reports:decided", "reviews:answer", "organizations:member", "organizations:remove_member",
    "organizations:transfer", "organizations:document",
}  # fmt: skip
# Outside of organizations: who is signed in has no business there.
STRANGERS: Final = {
    "account_login", "account_signup", "account_reset_password", "account_reset_password_done", "account_inactive",
    "account_reset_password_from_key", "account_reset_password_from_key_done", "account_email_verification_sent",
    "accounts:sign_in_with_wallet",
}  # fmt: skip
VOTERS: Final = ("stranger", "voter")
CONSOLE: Final = "moderator"
# Pages that only somebody in their situation sees.
VISITS: Final = {
    "account_confirm_login_code": "coded",
    "account_set_password": "without",
    "accounts:unknown_wallet": "wallet",
    "catalog:save_for": "colleague",
    "governance:statements": "moderator",
    "governance:moderate_discussion": "moderator",
    "governance:comment_report": "stranger",
    "gateway:trial": "buyer",
    "mfa_activate_totp": "new",
    "mfa_add_webauthn": "new",
    "mfa_authenticate": "half",
    "organizations:invitation": "stranger",
    "organizations:mine": "colleague",
    "subscriptions:start": "colleague",
}
# Where a page's own address moves on to: the key of a link goes into the session, not into the address.
MOVES: Final = {"account_reset_password_from_key": "-set-password/"}
EXTRA: Final = {
    "stranger": [
        "/browse/?q=review",
        "/browse/?q=nothing+of+the+kind",
        "/browse/?category=customers",
        "/compare/?tool={slug}&tool={settled}",
        "/tools/{slug}/?calls=100&months=3",
        "/tools/{settled}/",
        "/tools/{settled}/reviews/",
        "/?lang=de",
        "/tools/{settled}/?lang=de",
    ],
    "buyer": [
        "/o/{buyer}/orders/{placed}/pay/",
        "/o/{buyer}/subscribe/{plan}/?lang=de",
        "/o/{buyer}/orders/{running}/change/",
        "/o/{buyer}/orders/{running}/change/?plan={smaller}",
        "/o/{buyer}/subscriptions/{replacing}/",
        "/o/{buyer}/votes/ask/?wallet=&chain=eip155:31337&governor={governor}&proposal={proposal}",
    ],
    "provider": ["/tools/{settled}/"],
    "moderator": ["/console/reviews/?state=hidden", "/console/reviews/{review}/"],
    "new": ["/o/new/", "/inbox/", "/accounts/", "/accounts/factors/"],
}
