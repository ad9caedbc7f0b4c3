"""The address of a site, as the hosts that build sites tell it in environment variables."""

from __future__ import annotations

from collections.abc import Mapping

OWN = "ATLAS_BASE_URL"  # for every other host, and to overrule one


def address(environ: Mapping[str, str]) -> str:
    """The address that a build's environment names; empty where it names none.

    Of Netlify, Vercel and Cloudflare it is the deploy's: the site itself for production, a preview
    for a branch. GitHub names none, so it is made from the repository's name, where the build is
    one for Pages.
    """
    found = environ.get(OWN, "") or next(
        (told for host in (_netlify, _vercel, _cloudflare, _github) if (told := host(environ))), ""
    )
    return found if not found or "://" in found else f"https://{found}"


def _netlify(environ: Mapping[str, str]) -> str:
    if environ.get("NETLIFY") != "true":
        return ""
    preview = "" if environ.get("CONTEXT") == "production" else environ.get("DEPLOY_PRIME_URL", "")
    return preview or environ.get("URL", "")


def _vercel(environ: Mapping[str, str]) -> str:
    if environ.get("VERCEL") != "1":
        return ""
    production = environ.get("VERCEL_ENV") == "production"
    whole = environ.get("VERCEL_PROJECT_PRODUCTION_URL", "") if production else ""
    return whole or environ.get("VERCEL_BRANCH_URL", "") or environ.get("VERCEL_URL", "")


def _cloudflare(environ: Mapping[str, str]) -> str:
    return environ.get("CF_PAGES_URL", "") if environ.get("CF_PAGES") == "1" else ""


def _github(environ: Mapping[str, str]) -> str:
    owner, slash, name = environ.get("GITHUB_REPOSITORY", "").partition("/")
    if environ.get("GITHUB_PAGES") != "true" or not slash:
        return ""
    host = f"{owner.lower()}.github.io"
    return host if name.lower() == host else f"{host}/{name}"
