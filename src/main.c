/* main - the program's entry; everything else is in cli/. */
#include "cli/run.h"

int main(int argc, char **argv)
{
	return cli_run(argc, argv);
}
