from django.urls import path

from consultations.views import private_access, private_status, private_times

app_name = "consultations"

urlpatterns = [
    path("request/link/", private_access.send_link, name="send_link"),
    path("request/open/<str:token>/", private_access.open_link, name="private_link"),
    path("request/replace-link/", private_access.replace_link, name="replace_link"),
    path("request/leave/", private_access.leave, name="leave"),
    path("request/", private_status.status, name="status"),
    path("request/answer/", private_status.answer_question, name="answer_question"),
    path("request/withdraw/", private_status.withdraw, name="withdraw"),
    path("request/appointment.ics", private_status.calendar_file, name="calendar_file"),
    path("request/times/", private_times.times, name="times"),
    path("request/times/check/", private_times.check_time, name="check_time"),
    path("request/cancel-time/", private_times.cancel_time, name="cancel_time"),
]
