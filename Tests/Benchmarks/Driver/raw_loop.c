/* SPDX-License-Identifier: Apache-2.0
 *
 * What libzmq itself gives: the same frames as a message of Ebb's bus, over the same sockets, without anything of Ebb.
 *
 *   raw_loop publish BYTES COUNT CURVE    reports per second, PUB to SUB
 *   raw_loop request BYTES COUNT CURVE    microseconds of the median round trip, DEALER to ROUTER
 *
 * Each side has a context and a thread of its own, as two services have. A message is a topic, an envelope and a body.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { TOPIC = 12, ENVELOPE = 80, WINDOW = 3000, WARM = 200 };

static int size, count, curve;
static char server_public[41], server_secret[41], client_public[41], client_secret[41];
static char endpoint[256];
static atomic_long arrived;
static void *serving, *asking;

static void check(int ok, const char *what) {
    if (!ok) {
        fprintf(stderr, "raw_loop: %s: %s\n", what, zmq_strerror(zmq_errno()));
        exit(1);
    }
}

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void *open_socket(void *context, int type, int is_server) {
    void *socket = zmq_socket(context, type);
    int mark = 10000, yes = 1, zero = 0;
    check(socket != NULL, "socket");
    zmq_setsockopt(socket, ZMQ_SNDHWM, &mark, sizeof mark);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &mark, sizeof mark);
    zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero);
    if (curve && is_server) {
        zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof yes);
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, server_secret, 40);
    } else if (curve) {
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, client_public, 40);
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, client_secret, 40);
        zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server_public, 40);
    }
    if (type == ZMQ_SUB) zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
    if (is_server) {
        size_t length = sizeof endpoint;
        check(zmq_bind(socket, "tcp://127.0.0.1:*") == 0, "bind");
        check(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &length) == 0, "endpoint");
    } else {
        check(zmq_connect(socket, endpoint) == 0, "connect");
    }
    return socket;
}

/* Receives one whole message; remembers its first frame in `identity`, if asked. */
static void receive(void *socket, zmq_msg_t *identity) {
    int more = 1, first = 1;
    while (more) {
        zmq_msg_t message;
        zmq_msg_init(&message);
        check(zmq_msg_recv(&message, socket, 0) >= 0, "receive");
        more = zmq_msg_more(&message);
        if (first && identity) zmq_msg_move(identity, &message);
        first = 0;
        zmq_msg_close(&message);
    }
}

static void *subscribe(void *unused) {
    void *socket = open_socket(asking, ZMQ_SUB, 0);
    for (;;) {
        receive(socket, NULL);
        atomic_fetch_add(&arrived, 1);
    }
    return unused;
}

static void send_frames(void *socket, const char *topic, const char *envelope, const char *body) {
    check(zmq_send(socket, topic, TOPIC, ZMQ_SNDMORE) >= 0, "send");
    check(zmq_send(socket, envelope, ENVELOPE, ZMQ_SNDMORE) >= 0, "send");
    check(zmq_send(socket, body, size, 0) >= 0, "send");
}

static void publish(char *body) {
    char topic[TOPIC] = "host/host-1", envelope[ENVELOPE] = {0};
    void *socket = open_socket(serving, ZMQ_PUB, 1);
    pthread_t thread;
    long sent = 0, base;
    pthread_create(&thread, NULL, subscribe, NULL);
    while (atomic_load(&arrived) < WARM) { /* Until the subscription is there, what is sent is dropped. */
        send_frames(socket, topic, envelope, body);
        usleep(1000);
    }
    usleep(100000);
    base = atomic_load(&arrived);
    double start = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    for (; sent < count; sent++) {
        while (sent - (atomic_load(&arrived) - base) >= WINDOW) usleep(50);
        send_frames(socket, topic, envelope, body);
    }
    while (atomic_load(&arrived) - base < count) usleep(50);
    double wall = now(CLOCK_MONOTONIC) - start, used = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("{\"perSecond\": %f, \"cpuMicrosecondsEach\": %f}\n", count / wall, used / count * 1e6);
}

static void *answer(void *unused) {
    void *socket = unused;
    char *body = calloc(1, size + 1), envelope[ENVELOPE] = {0};
    for (;;) {
        zmq_msg_t identity;
        zmq_msg_init(&identity);
        receive(socket, &identity);
        check(zmq_msg_send(&identity, socket, ZMQ_SNDMORE) >= 0, "answer");
        check(zmq_send(socket, "", 0, ZMQ_SNDMORE) >= 0, "answer");
        check(zmq_send(socket, envelope, ENVELOPE, ZMQ_SNDMORE) >= 0, "answer");
        check(zmq_send(socket, body, size, 0) >= 0, "answer");
    }
    return NULL;
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void request(char *body) {
    char envelope[ENVELOPE] = {0};
    void *server = open_socket(serving, ZMQ_ROUTER, 1), *socket = open_socket(asking, ZMQ_DEALER, 0);
    double *rounds = calloc(count + WARM, sizeof *rounds), cpu = 0;
    pthread_t thread;
    pthread_create(&thread, NULL, answer, server);
    for (int round = 0; round < count + WARM; round++) {
        if (round == WARM) cpu = now(CLOCK_PROCESS_CPUTIME_ID);
        double start = now(CLOCK_MONOTONIC);
        check(zmq_send(socket, "", 0, ZMQ_SNDMORE) >= 0, "send");
        check(zmq_send(socket, envelope, ENVELOPE, ZMQ_SNDMORE) >= 0, "send");
        check(zmq_send(socket, body, size, 0) >= 0, "send");
        receive(socket, NULL);
        rounds[round] = now(CLOCK_MONOTONIC) - start;
    }
    double used = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    qsort(rounds + WARM, count, sizeof *rounds, compare);
    printf("{\"p50Microseconds\": %f, \"p99Microseconds\": %f, \"cpuMicrosecondsEach\": %f}\n",
           rounds[WARM + count / 2] * 1e6, rounds[WARM + count * 99 / 100] * 1e6, used / count * 1e6);
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: raw_loop publish|request BYTES COUNT CURVE\n");
        return 64;
    }
    size = atoi(argv[2]), count = atoi(argv[3]), curve = atoi(argv[4]);
    serving = zmq_ctx_new(), asking = zmq_ctx_new();
    zmq_curve_keypair(server_public, server_secret);
    zmq_curve_keypair(client_public, client_secret);
    char *body = calloc(1, size + 1);
    if (strcmp(argv[1], "publish") == 0) publish(body); else request(body);
    fflush(stdout);
    _exit(0);
}
