from django.urls import path

from clinic.urls import handler400, handler403, handler404, handler500
from clinic.urls import urlpatterns as of_the_product
from tests.storms.bare import bare_page

__all__ = ["handler400", "handler403", "handler404", "handler500"]
urlpatterns = [path("bare/", bare_page), *of_the_product]
