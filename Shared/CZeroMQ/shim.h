// SPDX-License-Identifier: Apache-2.0
#include <zmq.h>
#include <sys/eventfd.h>
#include <unistd.h>
