// SPDX-License-Identifier: GPL-2.0
/*
 * failnth FILE VALUE N TIMES: write VALUE into FILE while allocation N of the
 * kernel on the way fails, so often, or until that succeeds.  Prints the error
 * of the last one, 0 for none, and how many allocations were left to go, 0 if
 * one has failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int file, fail, times, error = 0;
	char left[16] = "";

	if (argc != 5)
		return 2;
	file = open(argv[1], O_WRONLY);
	fail = open("/proc/thread-self/fail-nth", O_RDWR);
	if (file < 0 || fail < 0) {
		perror("open");
		return 2;
	}
	for (times = atoi(argv[4]); times > 0; times--) {
		if (write(fail, argv[3], strlen(argv[3])) < 0)
			return 2;
		error = write(file, argv[2], strlen(argv[2])) < 0 ? errno : 0;
		if (pread(fail, left, sizeof(left) - 1, 0) <= 0 ||
		    write(fail, "0", 1) < 0)
			return 2;
		if (!error)
			break;
	}
	printf("%d %d\n", error, atoi(left));
	return 0;
}
