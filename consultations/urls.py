from django.urls import path

from consultations.views import (
    check_carry,
    check_screens,
    check_send,
    check_stops,
    private_access,
    private_status,
    private_times,
)

app_name = "consultations"

urlpatterns = [
    path("check/", check_screens.start, name="start"),
    path("check/q/<slug:slug>/", check_screens.screen, name="screen"),
    path("check/emergency/", check_stops.emergency, name="emergency"),
    path("check/today/", check_stops.today, name="today"),
    path("check/adults/", check_stops.adults_only, name="adults_only"),
    path("check/call-back/", check_stops.call_back, name="call_back"),
    path("check/carry/", check_carry.carry, name="carry"),
    path("check/carry/take-out/", check_carry.take_out, name="take_out"),
    path("check/result/", check_send.result, name="result"),
    path("check/contact/", check_send.contact, name="contact"),
    path("check/answers/", check_send.answers, name="answers"),
    path("check/sent/", check_send.sent, name="sent"),
    path("request/", private_access.open_pages, name="open_pages"),
    path("request/link/", private_access.send_link, name="send_link"),
    path("request/open/<str:token>/", private_access.open_link, name="private_link"),
    path("request/leave/", private_access.leave, name="leave"),
    path("request/<str:key>/", private_status.status, name="status"),
    path("request/<str:key>/answer/", private_status.answer_question, name="answer_question"),
    path("request/<str:key>/withdraw/", private_status.withdraw, name="withdraw"),
    path("request/<str:key>/appointment.ics", private_status.calendar_file, name="calendar_file"),
    path("request/<str:key>/times/", private_times.times, name="times"),
    path("request/<str:key>/times/check/", private_times.check_time, name="check_time"),
    path("request/<str:key>/cancel-time/", private_times.cancel_time, name="cancel_time"),
    path("request/<str:key>/replace-link/", private_access.replace_link, name="replace_link"),
    path("request/<str:key>/close/", private_access.close, name="close"),
]
