"""What the page answers to each address: it reads the request, asks one thing, and fills one template."""

from __future__ import annotations

import re
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from rtcomplexity.desk import choices, reports
from rtcomplexity.desk.comparison import compared
from rtcomplexity.desk.guard import attachment
from rtcomplexity.desk.uploads import FileWriter, receive
from rtcomplexity.desk.worklist import is_failed
from rtcomplexity.errors import InputDataError, RtComplexityError, fault_text, os_reason
from rtcomplexity.evidence.formats.html import report_policy
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.model.options import BY_SITE
from rtcomplexity.scoring import claim_form
from rtcomplexity.scoring.claim_file import ClaimFile, ClaimFileError, load_claim
from rtcomplexity.scoring.guardrails import DISCLAIMER
from rtcomplexity.scoring.profile import load_profile, profile_ids

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request

    from rtcomplexity.desk.session import Session
    from rtcomplexity.desk.task import Place
    from rtcomplexity.desk.uploads import Upload
    from rtcomplexity.desk.worklist import Item, Worklist

_TYPES: Final = {
    "desk.css": "text/css; charset=utf-8",
    "desk.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
ENDED_POLICY: Final = "default-src 'none'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
"""Of the last page, whose empty icon keeps a browser from asking a server that is gone."""
_LONGEST_FORM_BYTES: Final = 200_000
_MOST_FIELDS: Final = 100
_PREVIOUS: Final = "previous"


class Views:
    """Every view of one session."""

    def __init__(self, session: Session, worklist: Worklist, *, base: str, stop: Callable[[], None]) -> None:
        """Serve under the path `base`; `stop` ends the server."""
        self._session, self._worklist, self._base, self._stop = session, worklist, base, stop
        self._templates = Environment(
            loader=ChoiceLoader([PackageLoader("rtcomplexity.desk"), PackageLoader("rtcomplexity.evidence.formats")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(base=base, disclaimer=DISCLAIMER, has_folder=worklist.has_folder)

    def routes(self) -> list[Route]:
        """Every address."""
        plan = "/plans/{plan_id:str}"
        table: list[tuple[str, Any, str]] = [
            ("/", self.drop, "GET"),
            ("/plans", self.upload, "POST"),
            ("/worklist", self.worklist, "GET"),
            (plan, self.plan, "GET"),
            (f"{plan}/status", self.status, "GET"),
            (f"{plan}/report", self.report, "GET"),
            (f"{plan}/claim", self.claim, "GET"),
            (f"{plan}/claim", self.save_claim, "POST"),
            (f"{plan}/structure-set", self.choose_structure_set, "POST"),
            (f"{plan}/compare", self.compare, "GET"),
            (f"{plan}/files/{{name:str}}", self.download, "GET"),
            (f"{plan}/remove", self.remove, "POST"),
            ("/end", self.end, "POST"),
            ("/static/{name:str}", self.static, "GET"),
        ]
        return [Route(f"{self._base}{path}", answer, methods=[method]) for path, answer, method in table]

    def errors(self) -> dict[Any, Any]:
        """What is answered to each kind of error."""
        return {HTTPException: self._refused, RtComplexityError: self._refused, Exception: self._fault}

    def drop(self, _: Request) -> Response:
        """Show where a plan is dropped."""
        settings = self._session.settings
        return self._page(
            "drop.html.j2", most_files=settings.max_upload_files, most_bytes=settings.max_upload_bytes,
            profiles=[(each, load_profile(each).title) for each in profile_ids()], by_site=BY_SITE, added=choices.ADDED,
        )  # fmt: skip

    async def upload(self, request: Request) -> Response:
        """Take a plan."""
        place = self._session.new_place()
        try:
            arrived = await self._arrived(request, place)
        except OSError as fault:
            self._session.drop(place)
            raise InputDataError(
                f"The upload cannot be saved ({os_reason(fault)}).", "more room on this disk."
            ) from None
        except BaseException:
            self._session.drop(place)
            raise
        plan = self._session.add(
            place,
            identified=arrived.fields.get("privacy") != "de-identified",
            profile=arrived.fields.get("profile", BY_SITE),
        )
        return self._to(f"/plans/{plan.id}")

    async def _arrived(self, request: Request, place: Place) -> Upload:
        kind, settings = request.headers.get("content-type", ""), self._session.settings
        writer = FileWriter(place.files, kind, settings, choices.files_of(place))
        arrived = await receive(request.stream(), writer)
        if not arrived.files:
            raise InputDataError("No file was chosen.", "choose the plan's folder or its zip file.")
        await run_in_threadpool(choices.check, place, arrived.fields.get("profile", BY_SITE))
        return arrived

    def worklist(self, request: Request) -> Response:
        """List every plan."""
        page = _number(request.query_params.get("page", "1"))
        listed, pages = self._worklist.folder_items(page)
        return self._page(
            "worklist.html.j2", items=self._worklist.session_items(), listed=listed, page_number=page, pages=pages
        )

    def plan(self, request: Request) -> Response:
        """Show the answer for one plan, or how far its analysis has come."""
        item = self._item(request)
        code = HTTPStatus.OK if not is_failed(item) else HTTPStatus.UNPROCESSABLE_ENTITY
        return self._page(
            "plan.html.j2", code, item=item, downloads=() if item.report is None else reports.downloads(item.report)
        )

    def status(self, request: Request) -> Response:
        """Say how far an analysis has come."""
        item = self._item(request)
        if item.plan is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        progress = item.plan.progress
        return JSONResponse(
            {
                "state": item.plan.state.value, "step": progress.step.value, "done": progress.done,
                "total": progress.total,
            }
        )  # fmt: skip

    def report(self, request: Request) -> Response:
        """Show the whole report."""
        content = reports.page_html(self._report(request)[1])
        return HTMLResponse(content, headers={"content-security-policy": report_policy()})

    def claim(self, request: Request) -> Response:
        """Show the claim information form."""
        item, report = self._report(request)
        path = _claim_path(item)
        try:
            claim = reports.claim_of(report) if path is None and item.plan is None else ClaimFile()
            claim = claim if path is None else load_claim(path)
        except ClaimFileError:
            claim = ClaimFile()  # then it is typed again
        return self._form(item, claim_form.Filled(typed=claim_form.typed_of(claim), claim=claim, mistakes={}))

    async def save_claim(self, request: Request) -> Response:
        """Save claim information and assess the plan under it; nothing is measured again.

        A report of the worklist folder stays as it is: what is entered for it is kept, to be downloaded.
        """
        item, _ = self._report(request)
        filled = claim_form.read(await _typed(request))
        if filled.claim is None:
            return self._form(item, filled, HTTPStatus.UNPROCESSABLE_ENTITY)
        if item.plan is None:
            self._session.keep_claim_of_report(item.id, filled.claim)
        elif not self._session.state_claim(item.id, filled.claim):
            return self._form(item, filled, HTTPStatus.CONFLICT, busy=True)
        return self._to(f"/plans/{item.id}")

    async def choose_structure_set(self, request: Request) -> Response:
        """Assess a plan by another of its structure sets."""
        item = self._editable(request)
        uid = (await _typed(request)).get("structure_set", "")
        if item.plan is None or uid not in {each.uid for each in item.plan.structure_sets}:
            raise InputDataError("The plan has no such structure set.", "load the page again.")
        if not self._session.choose_structure_set(item.id, uid):
            raise InputDataError("An analysis of this plan is not done yet.", "choose the structure set when it is.")
        return self._to(f"/plans/{item.id}")

    def compare(self, request: Request) -> Response:
        """Show what moved between two versions of a plan, or two plans."""
        item, report = self._report(request)
        others = [each for each in self._worklist.session_items() if each.report is not None and each.id != item.id]
        others.sort(key=lambda each: each.title != item.title)
        chosen = request.query_params.get("with", _PREVIOUS if _previous(item) or not others else others[0].id)
        before = _previous(item) if chosen == _PREVIOUS else None
        other = None if chosen == _PREVIOUS else next((each for each in others if each.id == chosen), None)
        folder = before or (None if other is None else other.folder)
        families = {each.id: each.title for each in report.record.score.families}
        found = None if folder is None else compared(folder, item.folder, families)
        return self._page(
            "compare.html.j2", item=item, report=report, others=others, chosen=chosen, found=found,
            has_previous=_previous(item),
        )  # fmt: skip

    def download(self, request: Request) -> Response:
        """Give one file, or the whole folder."""
        item, report = self._report(request)
        name = request.path_params["name"]
        claim = _claim_path(item)
        if name == "evidence.zip":
            return _saved(reports.zipped(report, _in_zip(item)), f"{report.number}.zip", "application/zip")
        if name == "claim.toml" and claim is not None:
            return _saved(claim.read_bytes(), f"{report.number}_claim.toml", "application/toml")
        kind = reports.media_type(report, name)
        if kind is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return _saved(reports.content_of(report, name), reports.saved_name(report, name), kind)

    def remove(self, request: Request) -> Response:
        """Remove a plan and its files from this computer."""
        self._session.remove(self._editable(request).id)
        reports.forget()
        return self._to("/worklist")

    def end(self, _: Request) -> Response:
        """End the session: every file is removed and the server stops."""
        self._session.close()
        reports.forget()
        ended = self._page("ended.html.j2", background=BackgroundTask(self._stop))
        ended.headers["content-security-policy"] = ENDED_POLICY
        return ended

    def static(self, request: Request) -> Response:
        """Give the style sheet or the script."""
        name = request.path_params["name"]
        if name not in _TYPES:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        content = files("rtcomplexity.desk").joinpath("static", name).read_bytes()
        return Response(content, headers={"content-type": _TYPES[name]})

    def _item(self, request: Request) -> Item:
        item = self._worklist.item(request.path_params["plan_id"])
        if item is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return item

    def _report(self, request: Request) -> tuple[Item, reports.Report]:
        item = self._item(request)
        if item.report is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return item, item.report

    def _editable(self, request: Request) -> Item:
        """A plan of this session."""
        item = self._item(request)
        if item.plan is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return item

    def _form(
        self, item: Item, filled: claim_form.Filled, code: HTTPStatus = HTTPStatus.OK, *, busy: bool = False
    ) -> Response:
        return self._page(
            "claim.html.j2", code, item=item, filled=filled, groups=claim_form.groups(), fields=claim_form.fields(),
            kinds=claim_form.Kind, busy=busy,
        )  # fmt: skip

    def _refused(self, request: Request, fault: Exception) -> Response:
        if isinstance(fault, HTTPException):
            code = HTTPStatus(fault.status_code)
            text = "This page does not exist, or the plan was removed." if code == HTTPStatus.NOT_FOUND else code.phrase
        else:
            code, text = HTTPStatus.UNPROCESSABLE_ENTITY, shown(str(fault))
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse({"problem": text}, code)
        return self._page("problem.html.j2", code, problem=text)

    def _fault(self, _: Request, fault: Exception) -> Response:
        return self._page("problem.html.j2", HTTPStatus.INTERNAL_SERVER_ERROR, problem=fault_text(fault))

    def _to(self, path: str) -> Response:
        return RedirectResponse(f"{self._base}{path}", HTTPStatus.SEE_OTHER)

    def _page(
        self, name: str, code: HTTPStatus = HTTPStatus.OK, background: BackgroundTask | None = None, **values: object
    ) -> Response:
        content = self._templates.get_template(name).render(**values)
        return HTMLResponse(content, code, background=background)


async def _typed(request: Request) -> dict[str, str]:
    """Read a form that holds texts alone.

    Raises
    ------
    InputDataError
        If it is larger than any that a person fills in.
    """
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > _LONGEST_FORM_BYTES:
            raise InputDataError("The form is too long.", "a shorter statement.")
    try:
        return dict(parse_qsl(content.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise InputDataError("The form cannot be read.", "load the page again.") from None


def _previous(item: Item) -> Path | None:
    """Evidence before the claim information was last changed."""
    if item.plan is None or not item.plan.place.previous.exists():
        return None
    return item.plan.place.previous


def _claim_path(item: Item) -> Path | None:
    """Claim information that was entered in this session, if there is any."""
    path = item.claim if item.plan is None else item.plan.place.claim
    return path if path is not None and path.exists() else None


def _in_zip(item: Item) -> tuple[Path, ...]:
    """What is not part of the evidence, and is needed to derive it again; a report made elsewhere has none here."""
    if item.plan is None:
        return ()
    place = item.plan.place
    return tuple(path for path in (place.claim, place.profile, place.roi_classes) if path.exists())


def _saved(content: bytes, name: str, kind: str) -> Response:
    return Response(content, media_type=kind, headers={"content-disposition": attachment(name)})


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[1-9]\d{0,5}", text) else 1
