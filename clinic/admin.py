from django.contrib import admin


class ClinicAdminSite(admin.AdminSite):
    site_header = "Staff area"
    site_title = "Staff area"
    index_title = "Today"
    enable_nav_sidebar = False
