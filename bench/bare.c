/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bare state machine: the least work that simulates round robin of one-vCPU VMs. P pCPUs, V
   vCPUs that compute and sleep for exponential times, one FIFO, integer accounting per vCPU and
   state, one winner tree of packed keys. No co-scheduling, locks, guests, tracing or results: the
   distance from here to costop is the price of all that. It shares no code with costop.

   Usage: bare PCPUS VCPUS QUANTUM_NS COMPUTE_NS SLEEP_NS DURATION_NS   (means; a sleep of 0 means
   that nobody ever sleeps). An event is the end of a slice, of a computation or of a sleep. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLOT_BITS = 14, LAYERS = 256, CACHE_LINE = 64 };
#define NEVER UINT64_MAX
#define FOR_EVER (INT64_C(1) << 62)

enum bare_state { BARE_RUNNING, BARE_READY, BARE_ASLEEP, BARE_STATES };

struct bare_vcpu {
  int64_t spent_ns[BARE_STATES];
  int64_t since_ns;
  int64_t left_ns; /* of the computation */
  uint32_t state, dispatches, pcpu;
} __attribute__((aligned(CACHE_LINE)));

/* Exponential draws: Marsaglia and Tsang's ziggurat (2000) over xoshiro256++ (Blackman, Vigna). */
struct bare_random {
  uint64_t s[4];
  double edge[LAYERS + 1], height[LAYERS + 1], width[LAYERS];
  uint64_t inside[LAYERS];
};

struct bare {
  uint64_t *tree; /* tree[1] is the least key, tree[n_slots + slot] the slot's own */
  uint32_t n_slots, n_pcpus, n_vcpus;
  struct bare_vcpu *vcpus;
  uint32_t *current; /* of a pCPU */
  uint32_t *queue, queue_mask, head, tail;
  uint64_t *idle; /* bit p % 64 of word p / 64: pCPU p is idle */
  int64_t now_ns, quantum_ns;
  double compute_ns, sleep_ns;
  uint64_t events;
  struct bare_random random;
};

static void *reserve(size_t count, size_t size) {
  size_t bytes = (count * size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
  void *memory = aligned_alloc(CACHE_LINE, bytes);
  if (!memory) {
    fprintf(stderr, "bare: out of memory\n");
    exit(EXIT_FAILURE);
  }
  return memset(memory, 0, bytes);
}

static inline uint64_t rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

static inline uint64_t random_u64(struct bare_random *random) {
  uint64_t *s = random->s, result = rotate(s[0] + s[3], 23) + s[0], shifted = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = rotate(s[3], 45);
  return result;
}

static void random_init(struct bare_random *random, uint64_t seed) {
  const double tail = 7.69711747013104972, area = 3.949659822581572e-3;
  for (int i = 0; i < 4; i++) { /* SplitMix64 */
    uint64_t z = (seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    random->s[i] = z ^ (z >> 31);
  }
  double *edge = random->edge;
  edge[0] = area / exp(-tail);
  edge[1] = tail;
  for (int i = 2; i < LAYERS; i++) edge[i] = -log(exp(-edge[i - 1]) + area / edge[i - 1]);
  edge[LAYERS] = 0;
  for (int i = 0; i <= LAYERS; i++) random->height[i] = exp(-edge[i]);
  for (int i = 0; i < LAYERS; i++) {
    random->width[i] = edge[i] * 0x1p-56;
    random->inside[i] = (uint64_t)(edge[i + 1] / edge[i] * 0x1p56);
  }
}

/* Tail and wedges, one draw in a hundred; negative: draw again. */
static __attribute__((noinline, cold)) double exponential_edge(struct bare_random *random,
                                                               unsigned layer, double x) {
  double u = (double)(int64_t)(random_u64(random) >> 11) * 0x1p-53;
  if (layer == 0) return random->edge[1] - log1p(-u);
  const double *height = random->height;
  return height[layer] + u * (height[layer + 1] - height[layer]) < exp(-x) ? x : -1;
}

static inline int64_t exponential(struct bare_random *random, double mean_ns) {
  for (;;) {
    uint64_t bits = random_u64(random), mantissa = bits >> 8;
    unsigned layer = bits & (LAYERS - 1);
    double x = (double)(int64_t)mantissa * random->width[layer];
    if (__builtin_expect(mantissa >= random->inside[layer], 0)) {
      x = exponential_edge(random, layer, x);
      if (x < 0) continue;
    }
    return (int64_t)(x * mean_ns) + 1;
  }
}

static inline void tree_put(struct bare *bare, uint32_t slot, uint64_t key) {
  uint64_t *tree = bare->tree;
  uint32_t i = bare->n_slots + slot;
  for (tree[i] = key; i > 1; tree[i] = key) {
    uint64_t sibling = tree[i ^ 1];
    key = sibling < key ? sibling : key;
    i >>= 1;
  }
}

static inline void tree_set(struct bare *bare, uint32_t slot, int64_t at_ns) {
  tree_put(bare, slot, (uint64_t)at_ns << SLOT_BITS | slot);
}

static inline void vcpu_become(struct bare *bare, struct bare_vcpu *vcpu, enum bare_state state) {
  vcpu->spent_ns[vcpu->state] += bare->now_ns - vcpu->since_ns;
  vcpu->since_ns = bare->now_ns;
  vcpu->state = state;
}

static inline void enqueue(struct bare *bare, uint32_t id) {
  bare->queue[bare->tail++ & bare->queue_mask] = id;
}

static inline void dispatch(struct bare *bare, uint32_t pcpu, uint32_t id) {
  struct bare_vcpu *vcpu = &bare->vcpus[id];
  vcpu_become(bare, vcpu, BARE_RUNNING);
  vcpu->dispatches++;
  vcpu->pcpu = pcpu;
  bare->current[pcpu] = id;
  int64_t run_ns = vcpu->left_ns < bare->quantum_ns ? vcpu->left_ns : bare->quantum_ns;
  tree_set(bare, pcpu, bare->now_ns + run_ns);
}

static inline void pcpu_expire(struct bare *bare, uint32_t pcpu) {
  uint32_t id = bare->current[pcpu];
  struct bare_vcpu *vcpu = &bare->vcpus[id];
  vcpu->left_ns -= bare->now_ns - vcpu->since_ns;
  if (vcpu->left_ns == 0) {
    vcpu_become(bare, vcpu, BARE_ASLEEP);
    tree_set(bare, bare->n_pcpus + id, bare->now_ns + exponential(&bare->random, bare->sleep_ns));
  } else {
    vcpu_become(bare, vcpu, BARE_READY);
    enqueue(bare, id);
  }
  if (bare->head != bare->tail) {
    dispatch(bare, pcpu, bare->queue[bare->head++ & bare->queue_mask]);
  } else {
    bare->idle[pcpu / 64] |= UINT64_C(1) << pcpu % 64;
    tree_put(bare, pcpu, NEVER);
  }
}

static inline void vcpu_wake(struct bare *bare, uint32_t id) {
  struct bare_vcpu *vcpu = &bare->vcpus[id];
  tree_put(bare, bare->n_pcpus + id, NEVER);
  vcpu_become(bare, vcpu, BARE_READY);
  vcpu->left_ns = exponential(&bare->random, bare->compute_ns);
  for (uint32_t word = 0; word * 64 < bare->n_pcpus; word++) {
    if (!bare->idle[word]) continue;
    uint32_t bit = (uint32_t)__builtin_ctzll(bare->idle[word]);
    bare->idle[word] &= bare->idle[word] - 1;
    dispatch(bare, word * 64 + bit, id);
    return;
  }
  enqueue(bare, id);
}

static void bare_init(struct bare *bare) {
  uint32_t n_pcpus = bare->n_pcpus, n_vcpus = bare->n_vcpus;
  for (bare->n_slots = 2; bare->n_slots < n_pcpus + n_vcpus;) bare->n_slots *= 2;
  bare->tree = reserve(2 * (size_t)bare->n_slots, sizeof *bare->tree);
  memset(bare->tree, 0xff, 2 * (size_t)bare->n_slots * sizeof *bare->tree);
  bare->vcpus = reserve(n_vcpus, sizeof *bare->vcpus);
  bare->current = reserve(n_pcpus, sizeof *bare->current);
  bare->idle = reserve(n_pcpus / 64 + 1, sizeof *bare->idle);
  uint32_t room = 1;
  while (room < n_vcpus) room *= 2;
  bare->queue = reserve(room, sizeof *bare->queue);
  bare->queue_mask = room - 1;
  random_init(&bare->random, 42);
  for (uint32_t id = 0; id < n_vcpus; id++) {
    struct bare_vcpu *vcpu = &bare->vcpus[id];
    vcpu->state = BARE_READY;
    vcpu->left_ns = bare->sleep_ns > 0 ? exponential(&bare->random, bare->compute_ns) : FOR_EVER;
    if (id < n_pcpus)
      dispatch(bare, id, id);
    else
      enqueue(bare, id);
  }
  for (uint32_t pcpu = n_vcpus; pcpu < n_pcpus; pcpu++)
    bare->idle[pcpu / 64] |= UINT64_C(1) << pcpu % 64;
}

static void bare_run(struct bare *bare, int64_t duration_ns) {
  for (;;) {
    uint64_t key = bare->tree[1];
    if ((int64_t)(key >> SLOT_BITS) > duration_ns) return;
    bare->now_ns = (int64_t)(key >> SLOT_BITS);
    bare->events++;
    uint32_t slot = key & ((1u << SLOT_BITS) - 1);
    if (slot < bare->n_pcpus)
      pcpu_expire(bare, slot);
    else
      vcpu_wake(bare, slot - bare->n_pcpus);
  }
}

/* Every vCPU's states must add up to the duration. */
static bool bare_adds_up(struct bare *bare, int64_t duration_ns) {
  bare->now_ns = duration_ns;
  for (uint32_t id = 0; id < bare->n_vcpus; id++) {
    struct bare_vcpu *vcpu = &bare->vcpus[id];
    vcpu_become(bare, vcpu, vcpu->state);
    int64_t sum_ns = 0;
    for (int state = 0; state < BARE_STATES; state++) sum_ns += vcpu->spent_ns[state];
    if (sum_ns != duration_ns) return false;
  }
  return true;
}

/* CPU time: what else runs on the machine is not our business. */
static double clock_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 7) {
    fprintf(stderr, "usage: bare PCPUS VCPUS QUANTUM_NS COMPUTE_NS SLEEP_NS DURATION_NS\n");
    return EXIT_FAILURE;
  }
  static struct bare bare;
  bare.n_pcpus = (uint32_t)strtoul(argv[1], NULL, 10);
  bare.n_vcpus = (uint32_t)strtoul(argv[2], NULL, 10);
  bare.quantum_ns = strtoll(argv[3], NULL, 10);
  bare.compute_ns = strtod(argv[4], NULL);
  bare.sleep_ns = strtod(argv[5], NULL);
  int64_t duration_ns = strtoll(argv[6], NULL, 10);
  if (bare.n_pcpus + bare.n_vcpus > 1u << SLOT_BITS || bare.n_pcpus == 0 || bare.n_vcpus == 0 ||
      bare.quantum_ns <= 0 || duration_ns <= 0 || duration_ns >= INT64_C(1) << (63 - SLOT_BITS)) {
    fprintf(stderr, "bare: numbers out of range\n");
    return EXIT_FAILURE;
  }
  bare_init(&bare);
  double start_s = clock_s();
  bare_run(&bare, duration_ns);
  double loop_s = clock_s() - start_s;
  if (!bare_adds_up(&bare, duration_ns)) {
    fprintf(stderr, "bare: the states of a vCPU do not add up to the duration\n");
    return EXIT_FAILURE;
  }
  printf("events %" PRIu64 " in %.6f s of loop (%.2f ns/event)\n", bare.events, loop_s,
         loop_s * 1e9 / (double)bare.events);
  return EXIT_SUCCESS;
}
