//! Templates against values asked from WireMock 3.13.2.
