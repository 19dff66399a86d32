/*
 * Load generator. Lines are those of harness/lines.ts: "c%03d %010d " and printable filler, 96 to 156 bytes with their newline.
 *
 *   load PORT CONNECTIONS LINES blast      large writes over all connections, answers are not read
 *   load PORT CONNECTIONS LINES answers    the same, and answers are read and counted
 *   load PORT CONNECTIONS LINES single     one write per line, connections in turn
 *   load PORT CONNECTIONS LINES dialogue   one write per line, the next one after the answer
 *   load PORT 1 LINES latency RATE DIR     RATE lines a second; time until the files of DIR have grown by each line
 *
 * LINES counts all connections together. All bytes are made before the clock starts. Talks to its parent in JSON
 * lines: {"event":"ready"}, waits for a line on stdin, then {"event":"sent",…}, {"event":"answered",…} or
 * {"event":"latency",…}, or {"event":"closed",…} when the other side hung up. Holds its connections until stdin ends.
 * Times are nanoseconds of CLOCK_MONOTONIC.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PREFIX = 16, WRITE_BYTES = 256 * 1024 };

typedef struct {
  int fd;
  int number;
  char *bytes;         /* all lines of this connection */
  size_t size, sent;
  long lines, next;    /* next: line to send, in the modes that send line by line */
  long answers, oks;
  int column, is_ok, waiting;
} connection;

static char filler[256];
static long answers_total, oks_total;

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void fail(const char *what) {
  printf("{\"event\":\"failed\",\"reason\":\"%s: %s\"}\n", what, strerror(errno));
  fflush(stdout);
  exit(1);
}

static size_t line_bytes(long sequence) { return 96 + (size_t)((sequence * 31) % 61); }

static size_t write_line(char *out, int number, long sequence) {
  size_t size = line_bytes(sequence);
  long rest = sequence;
  out[0] = 'c';
  out[1] = '0' + number / 100 % 10;
  out[2] = '0' + number / 10 % 10;
  out[3] = '0' + number % 10;
  out[4] = ' ';
  for (int i = 14; i >= 5; i--, rest /= 10) out[i] = '0' + rest % 10;
  out[15] = ' ';
  memcpy(out + PREFIX, filler + (sequence & 63), size - PREFIX - 1);
  out[size - 1] = '\n';
  return size;
}

static void prepare(connection *c, int number, long lines) {
  size_t size = 0, at = 0;
  for (long i = 0; i < lines; i++) size += line_bytes(i);
  c->number = number;
  c->lines = lines;
  c->size = size;
  c->bytes = malloc(size + 1);
  if (c->bytes == NULL) fail("malloc");
  for (long i = 0; i < lines; i++) at += write_line(c->bytes + at, number, i);
}

static void dial(connection *c, int port) {
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
  int on = 1;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
}

static void hung_up(int64_t started) {
  printf("{\"event\":\"closed\",\"started\":%lld,\"at\":%lld,\"answers\":%ld,\"oks\":%ld}\n",
         (long long)started, (long long)now_ns(), answers_total, oks_total);
  fflush(stdout);
  exit(0);
}

/* Counts the answers that are there; returns how many came. */
static long read_answers(connection *c, int64_t started) {
  static char in[1 << 18];
  long before = c->answers;
  for (;;) {
    ssize_t got = recv(c->fd, in, sizeof in, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (got <= 0) hung_up(started);
    for (ssize_t i = 0; i < got; i++) {
      if (in[i] == '\n') {
        c->answers++;
        answers_total++;
        if (c->column == 2 && c->is_ok) { c->oks++; oks_total++; }
        c->column = 0;
        continue;
      }
      if (c->column == 0) c->is_ok = in[i] == 'O';
      else if (c->column == 1) c->is_ok = c->is_ok && in[i] == 'K';
      c->column++;
    }
    if (got < (ssize_t)sizeof in) break;
  }
  return c->answers - before;
}

static ssize_t send_some(connection *c, size_t size, int64_t started) {
  ssize_t sent = send(c->fd, c->bytes + c->sent, size, MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (sent < 0) {
    read_answers(c, started);
    hung_up(started);
  }
  c->sent += sent;
  return sent;
}

static void report_sent(int64_t started) {
  printf("{\"event\":\"sent\",\"started\":%lld,\"at\":%lld}\n", (long long)started, (long long)now_ns());
  fflush(stdout);
}

static void report_answered(int64_t started) {
  printf("{\"event\":\"answered\",\"started\":%lld,\"at\":%lld,\"answers\":%ld,\"oks\":%ld}\n",
         (long long)started, (long long)now_ns(), answers_total, oks_total);
  fflush(stdout);
}

static void blast(connection *all, int count, int64_t started, int reading, long lines) {
  struct pollfd *polls = calloc(count, sizeof *polls);
  int unsent = count;
  while (unsent > 0 || (reading && answers_total < lines)) {
    for (int i = 0; i < count; i++) {
      polls[i].fd = all[i].fd;
      polls[i].events = (all[i].sent < all[i].size ? POLLOUT : 0) | (reading ? POLLIN : 0);
    }
    if (poll(polls, count, -1) < 0 && errno != EINTR) fail("poll");
    for (int i = 0; i < count; i++) {
      connection *c = &all[i];
      size_t left = c->size - c->sent;
      if (polls[i].revents & (POLLIN | POLLHUP | POLLERR)) read_answers(c, started);
      if (left == 0 || !(polls[i].revents & POLLOUT)) continue;
      send_some(c, left < WRITE_BYTES ? left : WRITE_BYTES, started);
      if (c->sent == c->size && --unsent == 0) report_sent(started);
    }
  }
  if (reading) report_answered(started);
}

/* Sends the next whole line, or the rest of one; true when a line was completed. */
static int send_line(connection *c, size_t *line_end, int64_t started) {
  if (c->sent == *line_end) *line_end += line_bytes(c->next);
  send_some(c, *line_end - c->sent, started);
  if (c->sent < *line_end) return 0;
  c->next++;
  return 1;
}

static void single(connection *all, int count, int64_t started, int dialogue, long lines) {
  size_t *ends = calloc(count, sizeof *ends);
  struct pollfd *polls = calloc(count, sizeof *polls);
  long sent = 0;
  while (sent < lines || (dialogue && answers_total < lines)) {
    int progress = 0;
    for (int i = 0; i < count; i++) {
      connection *c = &all[i];
      if (c->next == c->lines || c->waiting) continue;
      if (!send_line(c, &ends[i], started)) continue;
      c->waiting = dialogue;
      progress = 1;
      if (++sent == lines) report_sent(started);
    }
    if (progress && !dialogue) continue;
    for (int i = 0; i < count; i++) {
      polls[i].fd = all[i].fd;
      polls[i].events = (dialogue ? POLLIN : 0) | (all[i].next < all[i].lines && !all[i].waiting ? POLLOUT : 0);
    }
    if (poll(polls, count, -1) < 0 && errno != EINTR) fail("poll");
    for (int i = 0; i < count; i++)
      if ((polls[i].revents & (POLLIN | POLLHUP | POLLERR)) && read_answers(&all[i], started) > 0) all[i].waiting = 0;
  }
  if (dialogue) report_answered(started);
}

static int64_t folder_bytes(const char *folder) {
  DIR *entries = opendir(folder);
  struct dirent *entry;
  struct stat status;
  int64_t sum = 0;
  if (entries == NULL) return 0;
  while ((entry = readdir(entries)) != NULL)
    if (fstatat(dirfd(entries), entry->d_name, &status, 0) == 0 && S_ISREG(status.st_mode)) sum += status.st_size;
  closedir(entries);
  return sum;
}

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

static void latency(connection *c, int64_t started, long rate, const char *folder) {
  int64_t *times = calloc(c->lines, sizeof *times), base = folder_bytes(folder), moved = started;
  int64_t arrived = 0;
  size_t end = 0;
  long seen = 0;
  struct timespec pause = { 0, 50000 };
  prctl(PR_SET_TIMERSLACK, 1000);
  while (seen < c->lines) {
    int64_t now = now_ns();
    if (c->next < c->lines && now >= started + c->next * (1000000000 / rate)) {
      times[c->next] = now;
      while (!send_line(c, &end, started)) nanosleep(&pause, NULL);
    }
    read_answers(c, started);
    int64_t size = folder_bytes(folder) - base;
    now = now_ns();
    while (seen < c->next && arrived + (int64_t)line_bytes(seen) <= size) {
      arrived += line_bytes(seen);
      times[seen] = now - times[seen];
      seen++;
      moved = now;
    }
    if (now - moved > 60000000000) { errno = ETIMEDOUT; fail("waiting for lines in the folder"); }
    nanosleep(&pause, NULL);
  }
  qsort(times, seen, sizeof *times, by_value);
  printf("{\"event\":\"latency\",\"lines\":%ld,\"p50\":%lld,\"p99\":%lld,\"max\":%lld}\n", seen,
         (long long)times[(seen - 1) / 2], (long long)times[(seen - 1) * 99 / 100], (long long)times[seen - 1]);
  fflush(stdout);
}

int main(int argc, char **argv) {
  char line[64];
  if (argc < 5) { fprintf(stderr, "usage: load PORT CONNECTIONS LINES MODE [RATE FOLDER]\n"); return 2; }
  int port = atoi(argv[1]), count = atoi(argv[2]);
  long lines = atol(argv[3]) / count * count;
  const char *mode = argv[4];
  connection *all = calloc(count, sizeof *all);
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int i = 0; i < 256; i++) filler[i] = 33 + (i * 37 + (i >> 3)) % 94;
  for (int i = 0; i < count; i++) prepare(&all[i], i, lines / count);
  for (int i = 0; i < count; i++) dial(&all[i], port);
  printf("{\"event\":\"ready\"}\n");
  fflush(stdout);
  if (fgets(line, sizeof line, stdin) == NULL) return 0;
  int64_t started = now_ns();
  if (strcmp(mode, "latency") == 0 && argc > 6) latency(&all[0], started, atol(argv[5]), argv[6]);
  else if (strcmp(mode, "single") == 0) single(all, count, started, 0, lines);
  else if (strcmp(mode, "dialogue") == 0) single(all, count, started, 1, lines);
  else blast(all, count, started, strcmp(mode, "answers") == 0, lines);
  while (fgets(line, sizeof line, stdin) != NULL) {}
  return 0;
}
