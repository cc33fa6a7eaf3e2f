from django.urls import path, register_converter
from django.urls.converters import StringConverter

from consultations.views import (
    calendar_feed,
    check_address,
    check_carry,
    check_later,
    check_saved,
    check_screens,
    check_send,
    check_start,
    check_stops,
    private_access,
    private_asked_again,
    private_cancelling,
    private_messages,
    private_next_day,
    private_seen,
    private_status,
    private_times,
    private_visit,
    private_waiting,
)


class CheckKeyConverter(StringConverter):
    """A check of the browser that asks, or the one whose answers come with the page."""

    regex = "[0-9a-f]{8}|carried"


register_converter(CheckKeyConverter, "check")
app_name = "consultations"

urlpatterns = [
    path("check/", check_start.start, name="start"),
    path("check/new/", check_start.start_another, name="start_another"),
    path("check/emergency/", check_stops.emergency, name="emergency"),
    path("check/carry/", check_carry.carry, name="carry"),
    path("check/open/<str:token>/", check_saved.open_saved, name="open_saved"),
    path("check/<check:key>/q/<slug:slug>/", check_screens.screen, name="screen"),
    path("check/<check:key>/emergency/", check_stops.emergency_stop, name="emergency_stop"),
    path("check/<check:key>/today/", check_stops.today, name="today"),
    path("check/<check:key>/adults/", check_stops.adults_only, name="adults_only"),
    path("check/<check:key>/call-back/", check_stops.call_back, name="call_back"),
    path("check/<check:key>/take-out/", check_carry.take_out, name="take_out"),
    path("check/<check:key>/result/", check_send.result, name="result"),
    path("check/<check:key>/contact/", check_send.contact, name="contact"),
    path("check/<check:key>/answers/", check_send.answers, name="answers"),
    path("check/<check:key>/sent/", check_send.sent, name="sent"),
    path("check/<check:key>/email/", check_address.correct_email, name="correct_email"),
    path("check/<check:key>/later/", check_later.later, name="later"),
    path("check/<check:key>/kept/", check_later.kept, name="kept"),
    path("check/<check:key>/forget/", check_later.forget, name="forget"),
    path("calendar/<str:token>.ics", calendar_feed.calendar_feed, name="calendar_feed"),
    path("request/", private_access.open_pages, name="open_pages"),
    path("request/link/", private_access.send_link, name="send_link"),
    path("request/open/<str:token>/", private_access.open_link, name="private_link"),
    path("request/leave/", private_access.leave, name="leave"),
    path("request/<str:key>/", private_status.status, name="status"),
    path("request/<str:key>/seen/", private_seen.who_has_seen, name="who_has_seen"),
    path("request/<str:key>/answer/", private_status.answer_question, name="answer_question"),
    path("request/<str:key>/how-it-went/", private_next_day.how_it_went, name="how_it_went"),
    path("request/<str:key>/message/", private_messages.send_message, name="send_message"),
    path("request/<str:key>/changed/", private_asked_again.something_changed, name="something_changed"),
    path("request/<str:key>/changed/now/", private_asked_again.danger_told, name="danger_told"),
    path("request/<str:key>/weekly/", private_asked_again.weekly, name="weekly"),
    path("request/<str:key>/withdraw/", private_status.withdraw, name="withdraw"),
    path("request/<str:key>/appointment.ics", private_status.calendar_file, name="calendar_file"),
    path("request/<str:key>/times/", private_times.times, name="times"),
    path("request/<str:key>/times/check/", private_times.check_time, name="check_time"),
    path("request/<str:key>/cancel-time/", private_cancelling.cancel_time, name="cancel_time"),
    path("request/<str:key>/cancel-time/undo/", private_cancelling.undo_cancel, name="undo_cancel"),
    path("request/<str:key>/will-come/", private_visit.confirm, name="will_come"),
    path("request/<str:key>/needs/", private_visit.needs, name="needs"),
    path("request/<str:key>/reminders/", private_visit.reminders, name="reminders"),
    path("request/<str:key>/earlier/", private_waiting.earlier, name="earlier"),
    path("request/<str:key>/earlier/leave/", private_waiting.leave, name="leave_waiting_list"),
    path("request/<str:key>/earlier/take/", private_waiting.take, name="take_offered"),
    path("request/<str:key>/earlier/decline/", private_waiting.decline, name="decline_offered"),
    path("request/<str:key>/replace-link/", private_access.replace_link, name="replace_link"),
    path("request/<str:key>/close/", private_access.close, name="close"),
]
