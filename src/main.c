/* main - the program's entry; everything else is in cli/. */
int main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 0;
}
