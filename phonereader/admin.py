from django.contrib import admin


class Site(admin.AdminSite):
    site_header = "Phonereader"
    site_title = "Phonereader"
    index_title = "Drawings, readings and jobs"
