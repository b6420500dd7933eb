#include "base/err.h"
#include "unit.h"
#include <errno.h>

TEST(explains)
{
	struct err err = {.fix = "old advice"};

	CHECK_INT(err_set(&err, -ENOENT, "cannot open '%s': %m", "x"), -ENOENT);
	CHECK_INT(err.code, -ENOENT);
	CHECK_STR(err.text, "cannot open 'x': No such file or directory");
	CHECK_STR(err.fix, "");
	err_fix(&err, "create %s", "it");
	CHECK_STR(err.fix, "create it");
}

TEST(wraps)
{
	struct err err = {0};

	err_set(&err, -EINVAL, "inner");
	err_fix(&err, "advice");
	errno = ENOENT;
	CHECK_INT(err_wrap(&err, -EACCES, "outer '%s' (%m)", "x"), -EACCES);
	CHECK_STR(err.text, "outer 'x' (Permission denied): inner");
	CHECK_INT(err.code, -EACCES);
	CHECK_STR(err.fix, "advice");
	struct err empty = {0};
	err_wrap(&empty, -EIO, "alone");
	CHECK_STR(empty.text, "alone");
}

TEST(needs_nobody)
{
	CHECK_INT(err_set(NULL, -EIO, "x"), -EIO);
	CHECK_INT(err_wrap(NULL, -EIO, "x"), -EIO);
	err_fix(NULL, "x");
}

TEST(cuts_long_text)
{
	struct err err;

	err_set(&err, -EIO, "%03000d", 1);
	CHECK_INT(strlen(err.text), ERR_TEXT_MAX - 1);
	err_wrap(&err, -EIO, "front");
	CHECK_INT(strlen(err.text), ERR_TEXT_MAX - 1);
	CHECK_INT(strncmp(err.text, "front: 0", 8), 0);
}

TESTS(explains, wraps, needs_nobody, cuts_long_text)
