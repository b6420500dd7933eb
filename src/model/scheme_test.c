#include "model/scheme.h"
#include "unit.h"

TEST(knows_default_ports)
{
	CHECK_INT(scheme_port("http"), 80);
	CHECK_INT(scheme_port("wss"), 443);
	CHECK_INT(scheme_port("postgresql+asyncpg"), 5432);
	CHECK_INT(scheme_port("mongodb"), 27017);
	CHECK_INT(scheme_port("mongodb+srv"), 0);
	CHECK_INT(scheme_port("grpc"), 50051);
	CHECK_INT(scheme_port("htt"), 0);
	CHECK_INT(scheme_port("https2"), 0);
	CHECK_INT(scheme_port("HTTP"), 0); /* the caller lowers */
	CHECK_INT(scheme_port("+x"), 0);
	CHECK_INT(scheme_port(""), 0);
}

TESTS(knows_default_ports)
