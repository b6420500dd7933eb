/*
 * proxy - variables that send requests for localhost to a proxy, which cannot reach it.
 *
 * There is no standard: curl reads http_proxy in lower case only, others both; no_proxy is a list
 * of names and suffixes, "*" is all. So localhost and 127.0.0.1 both have to stand in the list.
 */
#include "doctor/check.h"

#include "base/str.h"
#include "base/text.h"
#include <strings.h>

static const char *const variables[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
	"all_proxy", "ALL_PROXY"};

/* True when the comma-separated list has this word, "*", or it with a leading dot or a port. */
static bool lists(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; p && *p;) {
		p += strspn(p, ", \t");
		size_t n = strcspn(p, ", \t");
		if ((n == 1 && *p == '*') || (n == len && strncasecmp(p, word, len) == 0))
			return true;
		if (str_eq(word, "127.0.0.1") && n >= 4 && strncmp(p, "127.", 4) == 0 &&
			memchr(p, '/', n))
			return true;
		p += n;
	}
	return false;
}

/* The value with user and password left out: proxies carry them. */
static const char *shown(const struct exam *e, const char *value)
{
	AUTO(buf) struct buf text = BUF_INIT(400);
	const char *start = strstr(value, "://"), *at = strrchr(value, '@');

	start = start ? start + 3 : value;
	if (at && at >= start) {
		text_escape(&text, value, (size_t)(start - value));
		buf_str(&text, "(login left out)");
		value = at;
	}
	text_escape(&text, value, strlen(value));
	return arena_strdup(e->arena, text.data);
}

static void run(const struct exam *e, struct report *r)
{
	const char *lower = exam_env(e, "no_proxy"), *upper = exam_env(e, "NO_PROXY");
	size_t set = 0;

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		set += exam_env(e, variables[i]) != NULL;
	if (!set) {
		report_add(r, "proxy", SEVERITY_OK, "no proxy variable is set");
		return;
	}
	/* which spelling a program reads differs, so every one that is set must spare both names */
	bool spared = (lower || upper) &&
		(!lower || (lists(lower, "localhost") && lists(lower, "127.0.0.1"))) &&
		(!upper || (lists(upper, "localhost") && lists(upper, "127.0.0.1")));
	if (spared)
		report_add(r, "proxy-spares-loopback", SEVERITY_OK,
			"a proxy is set, and localhost is spared");
	else
		report_add(r, "proxy-takes-loopback", SEVERITY_MEDIUM,
			"requests for localhost are sent to a proxy, which cannot reach it");
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		if (exam_env(e, variables[i]))
			report_evidence(r, variables[i], "%s", shown(e, exam_env(e, variables[i])));
	if (lower)
		report_evidence(r, "no_proxy", "%s", shown(e, lower));
	if (upper)
		report_evidence(r, "NO_PROXY", "%s", shown(e, upper));
	if (!lower && !upper)
		report_evidence(r, "no_proxy", "is not set");
	if (!spared)
		report_fix(r, "spare this machine",
			"export no_proxy=localhost,127.0.0.1,::1 NO_PROXY=localhost,127.0.0.1,::1");
}

const struct doctor_check doctor_proxy = {
	.subject = "proxy",
	.summary = "proxy variables that would send requests for localhost away",
	.run = run,
};
