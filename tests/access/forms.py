"""Every form of the site with somebody before it who may send it, filled in as it should be."""

import datetime
import re
from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encryption import fingerprint
from consultations.enums import MissedKind, Outcome, ReportedRecord, RequestStatus
from consultations.models import (
    AppointmentType,
    CaseClosing,
    ConsultationRequest,
    InformationRequest,
    PrivateLink,
    SafetyCase,
    SavedCheck,
)
from consultations.services import call_scripts, calls, carried, intake, missed, persons, saved_checks
from tests.access.conftest import TOKEN, TUESDAY
from tests.consultations.views.conftest import CALL_BACK, CONSENTS, CONTACT, SAVING, Visitor
from tests.personas import MakeRequest, as_pressing, book_directly, close_case, open_privately, private_url

BORN = {"birth_on_month": "3", "birth_on_day": "27", "birth_on_year": "1970"}
Form = tuple[Client, str, dict[str, Any]]


WITHOUT_FLAG = ("book", "wait_for_earlier", "invite_follow_up")
"""What is not done while a red flag stands."""


class Stage:
    """Everybody and everything that the forms need, made when a form asks for it."""

    def __init__(self, make_request: MakeRequest, clinician: Any, doctor: User) -> None:
        self.make_request, self.clinician, self.doctor = make_request, clinician, doctor

    def private(self, status: RequestStatus, page: str, **data: Any) -> Form:
        client = Client(raise_request_exception=False)
        consultation_request = self.make_request(status=status)
        open_privately(client, consultation_request)
        if status == RequestStatus.BOOKED:
            book_directly(consultation_request, self.clinician, TUESDAY)
        if status == RequestStatus.INFORMATION_ASKED:
            InformationRequest.objects.create(
                consultation_request=consultation_request,
                question="Which?",
                asked_at=clock.now(),
                asked_by=self.doctor,
                is_from_doctor=False,
            )
        return client, private_url(consultation_request, f"{page}/"), data

    def check(self, page: str, data: dict[str, Any], *, until: str = "", **answers: Any) -> Form:
        walker = Visitor(Client(raise_request_exception=False))
        walker.answer(until=until, **answers)
        if page == "answers":
            walker.tell_contact()
        return walker.client, f"{walker.check}/{page}/", data

    @staticmethod
    def carried(page: str, data: dict[str, Any]) -> Form:
        """A page whose answers travel with it."""
        draft = intake.draft()
        return (
            Client(raise_request_exception=False),
            f"/check/carried/{page}/",
            {**data, "carried": carried.pack(draft)},
        )

    @staticmethod
    def start_with_answers() -> Form:
        draft = intake.draft()
        draft.answers = {"ab_age": 56}
        return Client(raise_request_exception=False), "/check/", {"carried": carried.pack(draft), "key": "0a1b2c3d"}

    def staff(self, path: str, **data: Any) -> Form:
        client = Client(raise_request_exception=False)
        client.force_login(self.doctor)
        return client, path, data

    def act(self, verb: str, status: RequestStatus = RequestStatus.IN_TRIAGE, **data: Any) -> Form:
        outcome = Outcome.LIKELY_SUITABLE if verb in WITHOUT_FLAG else Outcome.SAME_DAY
        consultation_request = self.make_request(status=status, outcome=outcome)
        if status == RequestStatus.BOOKED:
            book_directly(consultation_request, self.clinician, TUESDAY)
        url = reverse("admin:consultations_consultationrequest_action", args=[consultation_request.pk, verb])
        return self.staff(url, seen=status.value, **data)

    def own_urgency(self) -> Form:
        consultation_request = as_pressing(self.make_request())
        url = reverse(
            "admin:consultations_consultationrequest_action", args=[consultation_request.pk, "set_own_urgency"]
        )
        return self.staff(url, seen=consultation_request.status, reason="A new, harmless question.")

    def saved(self) -> Form:
        response = intake.start()
        saved_checks.save(response=response, email=SAVING["email"], word=SAVING["passphrase"])
        SavedCheck.objects.filter(response=response).update(token_hash=fingerprint(TOKEN))
        return self.visitor(f"/check/open/{TOKEN}/", passphrase=SAVING["passphrase"])

    def link(self) -> Form:
        now = clock.now()
        PrivateLink.objects.create(
            consultation_request=self.make_request(),
            token_hash=fingerprint(TOKEN),
            created_at=now,
            expires_at=now + datetime.timedelta(days=1),
        )
        return self.visitor(f"/request/open/{TOKEN}/", **BORN)

    def case(self, page: str, *, is_closed: bool = False, **data: Any) -> Form:
        consultation_request, now = self.make_request(), clock.now()
        case = SafetyCase.objects.create(
            response=consultation_request.response, level="EMERGENCY", priority="stat", raised_at=now, due_at=now,
            patient=consultation_request.patient,
        )  # fmt: skip
        if is_closed:
            close_case(case, by=self.doctor)
        return self.staff(reverse(f"admin:consultations_safetycase_{page}", args=[case.pk]), **data)

    def hand_over_note(self, url: str, **data: Any) -> Form:
        self.make_request(reference=data["about"])
        return self.staff(url, **data)

    def case_confirmed(self) -> Form:
        client, path, data = self.case("close", outcome="died", proof="told", words="Her son told us.", seen="")
        [signed] = re.findall(r'name="closing" value="([^"]+)"', client.post(path, data).content.decode())
        return (
            client,
            reverse("admin:consultations_safetycase_confirm_close", args=[SafetyCase.objects.latest("pk").pk]),
            {"closing": signed},
        )

    def how_it_went(self, **data: Any) -> Form:
        client, path, _ = self.private(RequestStatus.RECEIVED, "how-it-went")
        consultation_request, now = ConsultationRequest.objects.latest("pk"), clock.now()
        case = SafetyCase.objects.create(
            response=consultation_request.response, level="EMERGENCY", priority="stat", raised_at=now, due_at=now,
            patient=consultation_request.patient,
        )  # fmt: skip
        close_case(case, by=self.doctor)
        CaseClosing.objects.filter(case=case).update(asked_for=now)
        return client, path, {"asked": str(CaseClosing.objects.get(case=case).pk), **data}

    def call(self, page: str, **data: Any) -> Form:
        url = reverse(f"admin:consultations_consultationrequest_{page}", args=[self.make_request().response_id])
        return self.staff(url, **data)

    def script(self, page: str, **data: Any) -> Form:
        call = calls.begin(response=self.make_request().response, by=self.doctor)
        slug = ["now"] if page == "call_ask" else []
        if page == "call_end":
            call_scripts.save(call=call, answers={"rf_now": ["none"]}, by=self.doctor)
        return self.staff(reverse(f"admin:consultations_consultationrequest_{page}", args=[call.pk, *slug]), **data)

    def person(self, page: str, **data: Any) -> Form:
        url = reverse(f"admin:consultations_consultationrequest_person_{page}", args=[self.make_request().pk])
        return self.staff(url, **data)

    def join(self) -> Form:
        other = self.make_request()
        other.reference = "LS-AB23-CD"
        other.save()
        return self.person("join", other=other.reference, reason="Same voice.")

    def take_apart(self) -> Form:
        one, other = self.make_request(), self.make_request()
        persons.join(patient=one.patient, other=other.patient, reason="Same voice.", by=self.doctor)
        rows = sorted([one.patient.pk, other.patient.pk])
        url = reverse("admin:consultations_consultationrequest_person_separate", args=[one.pk])
        seen = ",".join(map(str, rows))
        return self.staff(url, what=f"row-{rows[0]}", reason="Two sisters.", seen=seen)

    def missed_answer(self) -> Form:
        subject = missed.subject_of(ReportedRecord.REQUEST, self.make_request().pk)
        assert subject is not None
        row = missed.report(subject=subject, kind=MissedKind.DANGER, text="Numb.", by=self.doctor, key="one")
        return self.staff(reverse("admin:consultations_missedreport_answer", args=[row.pk]), answer="Put right in 1.2.")

    def superuser(self, path: str, **data: Any) -> Form:
        client = Client(raise_request_exception=False)
        client.force_login(User.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase"))
        return client, path, data

    @staticmethod
    def visitor(path: str, **data: Any) -> Form:
        return Client(raise_request_exception=False), path, data

    def slot(self) -> str:
        return f"{TUESDAY:%Y%m%dT%H%MZ}-{self.clinician.pk}-{self.clinician.availabilities.get(weekday=1).location_id}"


NEW_PASSWORD = {"new_password1": "another quiet passphrase", "new_password2": "another quiet passphrase"}
FORMS: dict[str, Callable[[Stage], Form]] = {
    "start": lambda on: on.visitor("/check/", again="yes"),
    "start with answers": lambda on: on.start_with_answers(),
    "carried screen": lambda on: on.carried("q/now", {"ab_age": "56", "rf_now": "none"}),
    "first screen": lambda on: on.check("q/now", {"ab_age": "56", "rf_now": "none"}, until="now"),
    "numbers": lambda on: on.check("q/pain-score", {"peg_p": "6", "peg_e": "5", "peg_g": "7"}, until="pain-score"),
    "free text": lambda on: on.check(
        "q/hopes",
        {"phq2_1": "0", "phq2_2": "0", "ye_claim": "no", "ex_expect": "less_pain", "ex_note": "Words."},
        until="hopes",
    ),
    "carry": lambda on: on.visitor("/check/carry/", words="My questions\n- What can go wrong?"),
    "contact": lambda on: on.check("contact", CONTACT),
    "contact of a helper": lambda on: on.check(
        "contact", {**CONTACT, "filled_for": "other", "helper_name": "Hanna", "phone": "202-555-0142"}
    ),
    "answers": lambda on: on.check("answers", CONSENTS),
    "save for later": lambda on: on.check("later", SAVING),
    "open saved check": lambda on: on.saved(),
    "call back": lambda on: on.check("call-back", CALL_BACK, rf_now=["chest"]),
    "send link": lambda on: on.visitor("/request/link/", email="alice@example.com"),
    "open link": lambda on: on.link(),
    "withdraw": lambda on: on.private(RequestStatus.RECEIVED, "withdraw", sure="on"),
    "answer": lambda on: on.private(RequestStatus.INFORMATION_ASKED, "answer", answer="An MRI."),
    "something has changed": lambda on: on.private(RequestStatus.RECEIVED, "changed", ticks="fever", message="Hot."),
    "message": lambda on: on.private(RequestStatus.RECEIVED, "message", message="I moved."),
    "times": lambda on: on.private(RequestStatus.OFFERED, "times", slot=on.slot()),
    "cancel time": lambda on: on.private(RequestStatus.BOOKED, "cancel-time", reason="Away."),
    "needs": lambda on: on.private(RequestStatus.RECEIVED, "needs", codes="quiet", more="A wide chair."),
    "earlier time": lambda on: on.private(
        RequestStatus.BOOKED, "earlier", weekdays="0", part_of_day="morning", doctor="any", notice="24"
    ),
    "appearance": lambda on: on.visitor("/appearance/", theme="dark", next="/faq/"),
    "sign in": lambda on: on.visitor("/admin/login/", username="doctor", password="a quiet passphrase", next="/admin/"),
    "own password": lambda on: on.staff("/admin/password_change/", old_password="a quiet passphrase", **NEW_PASSWORD),
    "search": lambda on: on.staff("/admin/consultations/consultationrequest/search/", q="Alice"),
    "preview": lambda on: on.staff(
        reverse("admin:consultations_consultationrequest_confirm", args=[on.make_request().pk]), decision="x:y:z"
    ),
    "note": lambda on: on.act("note", note="Rang at ten."),
    "call": lambda on: on.call("call_new", outcome="reached_other", note="No change."),
    "danger questions": lambda on: on.script("call_ask", rf_now="fever"),
    "end of a call": lambda on: on.script("call_end", outcome="", note="She is well."),
    "caller": lambda on: on.staff(
        reverse("admin:consultations_consultationrequest_caller"),
        name="Maeve Hart", phone="(202) 555-0177", said="Her legs are numb.", level="EMERGENCY",
    ),
    "escalate": lambda on: on.act("escalate", note="Worse."),
    "pass": lambda on: on.act("pass_to_doctor", doctor=str(on.doctor.pk), note="Please read."),
    "settle": lambda on: on.act(
        "settle", heard="", signs=["SHOWN-EARLIER:SAME_DAY"], how="examined", who="Dr Halloran", place="Here",
        seen_on=f"{clock.today()}",
    ),
    "order": lambda on: on.act(
        "order_booking", RequestStatus.WITH_DOCTOR, reason="To see this foot.",
        appointment_type=str(AppointmentType.objects.create(name="First consultation", minutes=40).pk),
    ),
    "follow-up": lambda on: on.act(
        "invite_follow_up", RequestStatus.COMPLETED, not_before=f"{clock.today()}",
        appointment_type=str(AppointmentType.objects.create(name="Follow-up", minutes=20).pk),
    ),
    "own urgency": lambda on: on.own_urgency(),
    "ask": lambda on: on.act("ask", question="Which scan?"),
    "decide": lambda on: on.act(
        "decide", RequestStatus.WITH_DOCTOR, decision="not_suitable", patient_note="Walk.", reason="Pain is new."
    ),
    "book": lambda on: on.act("book", RequestStatus.OFFERED, slot_key=on.slot()),
    "give back": lambda on: on.act("cancel_booking", RequestStatus.BOOKED, reason="Ill."),
    "needs by phone": lambda on: on.act("tell_needs", codes=["quiet"], more="A wide chair."),
    "waiting by phone": lambda on: on.act(
        "wait_for_earlier", RequestStatus.OFFERED, weekdays=["0"], part_of_day="morning", doctor="any", notice="24"
    ),
    "close": lambda on: on.act("cancel_request", note="Moved away."),
    "case": lambda on: on.case("close", outcome="died", proof="told", words="Her son told us.", seen=""),
    "case confirmed": lambda on: on.case_confirmed(),
    "case note": lambda on: on.case("note", note_text="Called at ten."),
    "case opened again": lambda on: on.case("reopen", is_closed=True, reason="Her son called: she came home."),
    "how it went": lambda on: on.how_it_went(seen="seen_nothing", found="Nothing."),
    "person note": lambda on: on.person("note", note_text="Prefers mornings."),
    "join": lambda on: on.join(),
    "take apart": lambda on: on.take_apart(),
    "absence": lambda on: on.staff(
        "/admin/consultations/absence/add/",
        clinician=str(on.clinician.pk), starts_at="2027-01-04T09:00", ends_at="2027-01-04T12:00", reason="Course",
    ),
    "cannot come": lambda on: on.staff(
        reverse("admin:consultations_appointment_cannot_come"), clinician=str(on.clinician.pk),
        first_on="2026-11-24", last_on="2026-11-25", seen="",
    ),
    "keep free": lambda on: on.staff(
        reverse("admin:consultations_appointment_block"), clinician=str(on.clinician.pk),
        starts_at="2027-01-04T09:00", ends_at="2027-01-04T12:00", reason="Letters",
    ),
    "weekly time": lambda on: on.staff(
        "/admin/consultations/availability/add/",
        clinician=str(on.clinician.pk), location=str(on.clinician.availabilities.first().location_id), weekday="1",
        opens="14:00", closes="16:00", starts_on="2027-01-01", ends_on="",
    ),
    "extra session": lambda on: on.staff(
        "/admin/consultations/extrasession/add/",
        clinician=str(on.clinician.pk), location=str(on.clinician.availabilities.first().location_id), on="2027-01-09",
        opens="14:00", closes="16:00",
    ),
    "hand-over note": lambda on: on.hand_over_note(
        reverse("admin:consultations_handovernote_write"), text="The fax is out of paper.", about="LS-AB23-CD",
        once="0a1b2c3d",
    ),
    "missed": lambda on: on.staff(
        reverse("admin:consultations_missedreport_about", args=["request", on.make_request().pk]), kind="danger",
        text="Numb since May.", once="0a1b2c3d",
    ),
    "missed answer": lambda on: on.missed_answer(),
    "weekly shift": lambda on: on.superuser(
        "/admin/consultations/shift/add/", user=str(on.doctor.pk), weekday="1", starts="14:00", ends="16:00",
        starts_on="2027-01-01", ends_on="",
    ),
    "user": lambda on: on.superuser(
        reverse("admin:accounts_user_change", args=[on.doctor.pk]), username="doctor", name="Ines Halloran",
        email="doctor@clinic.example"
    ),
    "place": lambda on: on.superuser("/admin/consultations/location/add/", name="Mill Lane", address="2 Mill Lane"),
}  # fmt: skip
