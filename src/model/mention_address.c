/*
 * mention_address - addresses in running text, for mention_piece.h.
 *
 * Next to numbers with dots and colons that are no addresses: times have no "::", hardware ids have
 * two digits in every group, networks have a slash and product versions a name in front.
 */
#include "base/str.h"
#include "model/mention_piece.h"

#define IPV6_TEXT_MAX 50

/* Over "%eth0": a zone of whatever machine printed this, so it is not looked up. */
static size_t zone_end(const struct span *s, size_t at)
{
	if (span_at(s, at) != '%' || span_starts(s, at, "%5d"))
		return at;
	for (at++; char_is_word(span_at(s, at)) || span_at(s, at) == '-'; at++)
		;
	return at;
}

bool piece_read_bracket(const struct span *s, size_t at, struct piece *out)
{
	bool encoded = span_starts(s, at, "%5b"); /* grpc: ipv6:%5B::1%5D:19530 */
	size_t open = encoded ? 3 : 1, end = at + open, limit = at + IPV6_TEXT_MAX;

	if (!encoded && s->text[at] != '[')
		return false;
	while (end < s->len && end < limit &&
		(char_is_hex(s->text[end]) || strchr(":.", s->text[end])))
		end++;
	size_t address_end = end;
	end = zone_end(s, end);
	if (!(encoded ? span_starts(s, end, "%5d") : span_at(s, end) == ']'))
		return false;
	if (!address_parse(span_copy(s, at + open, address_end), &out->target.address))
		return false;
	piece_host(s, out, at, end + open);
	return true;
}

/* Eight groups of two hexadecimal digits are a hardware identifier. */
static bool is_hardware_id(const char *text)
{
	if (strlen(text) != 23)
		return false;
	for (size_t i = 2; i < 23; i += 3)
		if (text[i] != ':')
			return false;
	return true;
}

/* "::1:3000" as node prints it; text is the whole run. */
static bool split_ipv6_port(const struct span *s, size_t at, const char *text, struct target *t)
{
	const char *last = strrchr(text, ':');
	struct address whole, front;
	uint64_t port;

	if (str_starts(text, ":::")) {
		t->address = ADDRESS_ANY6;
		last = text + 2;
	} else if (address_parse(arena_strndup(s->arena, text, (size_t)(last - text)), &front)) {
		bool errno_before = span_at(s, word_before(s, at).start) == 'E';
		if (address_parse(text, &whole) && !address_is_loopback(&front) && !errno_before)
			return false;
		t->address = front;
	} else {
		return false;
	}
	if (strlen(last + 1) > 5 || !str_u64(last + 1, UINT16_MAX, &port))
		return false;
	t->port = (uint16_t)port;
	t->has_port = true;
	return true;
}

bool piece_read_ipv6(const struct span *s, size_t at, struct piece *out)
{
	char previous = span_before(s, at);
	size_t end = at, colons = 0, digits = 0;

	if (!char_is_hex(s->text[at]) && s->text[at] != ':')
		return false;
	if (char_is_word(previous) || (previous && strchr(":.%", previous)))
		return false;
	for (; char_is_hex(span_at(s, end)) || span_at(s, end) == ':' || span_at(s, end) == '.';
		end++) {
		colons += s->text[end] == ':';
		digits += char_is_digit(s->text[end]);
	}
	if (colons < 2 || char_is_word(span_at(s, end)))
		return false;
	/* Docker: 127.0.0.1:8080:172.17.0.2:80/tcp */
	if (memchr(s->text + at, '.', end - at) &&
		memchr(s->text + at, '.', end - at) < memchr(s->text + at, ':', end - at))
		return false;
	size_t run = end;
	while (end > at + 2 &&
		(s->text[end - 1] == '.' || (s->text[end - 1] == ':' && s->text[end - 2] != ':')))
		end--;
	piece_nothing(out, run);
	if (end - at > IPV6_TEXT_MAX || (!digits && !(end - at == 2 && char_is_quote(previous))))
		return colons >= 2 && digits > 0;

	const char *text = span_copy(s, at, end);
	struct target *t = &out->target;
	if (split_ipv6_port(s, at, text, t)) {
		out->kind = PIECE_HOST;
		out->start = at;
		out->end = end;
		t->kind = TARGET_ENDPOINT;
		return true;
	}
	if (is_hardware_id(text) || !address_parse(text, &t->address))
		return true;
	piece_host(s, out, at, zone_end(s, end));
	return true;
}

static bool is_version(const struct span *s, size_t at)
{
	static const char *const words[] = {"v", "version", "ver", "release", "build", "revision",
		NULL};

	return word_in(word_before(s, at).text, words);
}

/* "Chrome/120.0.0.0", unlike "localhost/127.0.0.1" and "/127.0.0.1" */
static bool is_product(const struct span *s, size_t at)
{
	char c = at > 1 ? s->text[at - 2] : ' ';

	return span_before(s, at) == '/' && char_is_alpha(c) &&
		!str_eq(word_before(s, at).text, "localhost");
}

bool piece_read_ipv4(const struct span *s, size_t at, struct piece *out)
{
	char previous = span_before(s, at);
	size_t end = at;

	if (!char_is_digit(s->text[at]) || char_is_word(previous) || previous == '.' ||
		previous == '-')
		return false;
	while (char_is_digit(span_at(s, end)) ||
		(span_at(s, end) == '.' && char_is_digit(span_at(s, end + 1))))
		end++;
	struct address a;
	if (end - at > 15 || !address_parse(span_copy(s, at, end), &a))
		return false;
	piece_nothing(out, end);
	if (char_is_word(span_at(s, end)))
		return true;
	uint16_t bits;
	size_t n = span_at(s, end) == '/' ? digits_of_port(s, end + 1, &bits) : 0;
	if (n && bits <= 32) {
		piece_nothing(out, end + 1 + n); /* a network: 10.0.0.0/8 */
		return true;
	}
	out->target.address = a;
	piece_host(s, out, at, end);
	enum address_class class = address_class(&a);
	bool far = class == ADDRESS_PUBLIC || class == ADDRESS_RESERVED;
	if (!out->target.has_port && (far || is_version(s, at) || is_product(s, at)))
		piece_nothing(out, end);
	return true;
}
