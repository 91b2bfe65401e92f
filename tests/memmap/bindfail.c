// SPDX-License-Identifier: GPL-2.0
/*
 * bindfail DEVICE N: bind a dax device while the page allocation after the
 * first N of this process fails.  Prints the error, 0 for none, and whether an
 * allocation is left to fail, 0 if one has failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAIL "/sys/kernel/debug/fail_page_alloc/"

static void put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0) {
		perror(path);
		exit(2);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	char left[16] = "";
	int bind, times, probability, error;

	if (argc != 3)
		return 2;
	bind = open("/sys/bus/dax/drivers/device_dax/bind", O_WRONLY);
	times = open(FAIL "times", O_RDONLY);
	probability = open(FAIL "probability", O_WRONLY);
	if (bind < 0 || times < 0 || probability < 0) {
		perror("open");
		return 2;
	}
	put(FAIL "interval", "1");
	put(FAIL "verbose", "0");
	put(FAIL "min-order", "0");
	put(FAIL "ignore-gfp-wait", "N");
	put(FAIL "task-filter", "Y");
	put(FAIL "space", argv[2]);
	put(FAIL "times", "1");
	put(FAIL "probability", "100");

	put("/proc/self/make-it-fail", "1");
	error = write(bind, argv[1], strlen(argv[1])) < 0 ? errno : 0;
	/* allocates nothing that could fail instead */
	if (write(probability, "0", 1) != 1) {
		perror("probability");
		return 2;
	}
	if (read(times, left, sizeof(left) - 1) <= 0) {
		perror("times");
		return 2;
	}
	printf("%d %d\n", error, atoi(left));
	return 0;
}
