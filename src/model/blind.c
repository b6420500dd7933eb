/* blind - see blind.h. */
#include "model/blind.h"

static const struct field fields[] = {
	FIELD(struct blind_spot, what, FIELD_TEXT, "WHAT", "what could not be seen"),
	FIELD(struct blind_spot, why, FIELD_TEXT, "WHY", "the reason"),
	FIELD(struct blind_spot, needs, FIELD_TEXT, "NEEDS", "the smallest right that shows it"),
	FIELD(struct blind_spot, count, FIELD_UINT64, "COUNT", "how many things it hides"),
};

const struct record_type blind_spot_type = RECORD_TYPE("blind_spot", struct blind_spot, fields);
