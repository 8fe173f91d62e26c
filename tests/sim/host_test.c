// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The model as a guest in somebody's process: signals, fork, exit, limits, configuration, several
// devices.
//
// What could crash or hang happens in child processes.

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim_check.h"

static const char loop_kernel[] = "again: jmp again\n";
static const char wild_kernel[] = "rdsr s0, args\n ld_s.b32 s1, [s0]\n end\n";

/* Runs a function in a child. Its exit status, 256 + signal, or 1000 if it does not end in 10 s. */
static int
in_child(void (*function)(void *), void *data)
{
   fflush(stdout);
   pid_t pid = fork();
   if (pid == 0) {
      function(data);
      _exit(99);
   }
   for (unsigned i = 0; i < 1000; i++) {
      int status;
      if (waitpid(pid, &status, WNOHANG) == pid)
         return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
      struct timespec pause = {.tv_nsec = 10000000};
      nanosleep(&pause, NULL);
   }
   kill(pid, SIGKILL);
   waitpid(pid, NULL, 0);
   return 1000;
}

/* Runs a kernel on address 0x10, which must be an UNMAPPED fault. */
static bool
faults_as_it_should(struct npu_rig *rig, uint64_t code_va)
{
   struct npu_packet_dispatch d = npu_rig_dispatch(code_va, 16, 3, 32);
   uint64_t seqno = npu_rig_submit(rig, 0, NPU_RIG_ASID, &d, 1);
   struct npu_rig_fault fault;

   return npu_rig_wait(rig, 0, seqno, 5000) && npu_rig_pop_fault(rig, &fault) &&
          fault.type == NPU_FAULT_UNMAPPED && fault.address == 16;
}

/* ---- configuration -------------------------------------------------------------------------- */

#define KNOWN                                                                                      \
   "(known: interp, jit, tiered, cpu=NAME, cores=N, mem=SIZE, va-bits=N, watchdog=MS, poison, "    \
   "trace, "                                                                                       \
   "exact, portable, canonical-nans, quick-code)"

static void
test_configuration(struct tap *tap)
{
   struct npu_sim_config config;

   CHECK(
      npu_sim_config_parse(&config, "interp,cores=4,mem=2G,watchdog=500,va-bits=38,poison,trace"));
   CHECK_EQ(config.engine, NPU_SIM_ENGINE_INTERP);
   CHECK_EQ(config.num_cores, 4);
   CHECK_EQ(config.mem_size_B, 2ull << 30);
   CHECK_EQ(config.watchdog_ms, 500);
   CHECK_EQ(config.va_bits, 38);
   CHECK(config.poison && config.trace);
   CHECK(npu_sim_config_parse(&config, ""));
   CHECK_EQ(config.num_cores, 0);
   CHECK_EQ(config.mem_size_B, 4ull << 30);
   CHECK_EQ(config.va_bits, 40);
   CHECK(!config.poison && !config.trace);

   static const struct {
      const char *text, *message;
   } wrong[] = {
      {"cores=0", "npu: configuration: \"cores=0\" must be a number from 1 to 1024; ignored\n"},
      {"cores=four",
       "npu: configuration: \"cores=four\" must be a number from 1 to 1024; ignored\n"},
      {"cores", "npu: configuration: \"cores\" must be a number from 1 to 1024; ignored\n"},
      {"mem=1",
       "npu: configuration: \"mem=1\" must be a size from 16M to 64T, a multiple of 2M; ignored\n"},
      {"mem=17M", "npu: configuration: \"mem=17M\" must be a size from 16M to 64T, a multiple of "
                  "2M; ignored\n"},
      {"mem=99999999999999999999", "npu: configuration: \"mem=99999999999999999999\" must be a "
                                   "size from 16M to 64T, a multiple of 2M; "
                                   "ignored\n"},
      {"va-bits=41",
       "npu: configuration: \"va-bits=41\" must be a number from 30 to 40; ignored\n"},
      {"watchdog=-1", "npu: configuration: \"watchdog=-1\" must be a number of milliseconds from 0 "
                      "to 3600000; ignored\n"},
      {"poison=1", "npu: configuration: \"poison=1\" is not known " KNOWN "; ignored\n"},
      {"quick", "npu: configuration: \"quick\" is not known " KNOWN "; ignored\n"},
   };
   for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
      char text[64], message[512] = "";
      FILE *file = tmpfile();
      int old = dup(STDERR_FILENO);
      snprintf(text, sizeof(text), "%s,cores=7", wrong[i].text);
      dup2(fileno(file), STDERR_FILENO);
      bool good = npu_sim_config_parse(&config, text);
      dup2(old, STDERR_FILENO);
      close(old);
      rewind(file);
      size_t n = fread(message, 1, sizeof(message) - 1, file);
      message[n] = 0;
      fclose(file);
      CHECK(!good);
      CHECK_EQ(config.num_cores, 7); /* the rest counts */
      if (strcmp(message, wrong[i].message))
         tap_problem(tap, "\"%s\": message \"%s\"", wrong[i].text, message);
   }

   /* What the text cannot say is refused by the constructor. */
   char *error;
   npu_sim_config_parse(&config, NULL);
   config.mem_size_B = 12345;
   CHECK(!npu_sim_create(&config, &error));
   CHECK(error && !strcmp(error, "invalid configuration: mem_size_B"));
   free(error);
   npu_sim_config_parse(&config, NULL);
   config.va_bits = 50;
   CHECK(!npu_sim_create(&config, NULL));
   npu_sim_destroy(NULL);
   tap_case(tap, "configuration");
}

/* ---- signals -------------------------------------------------------------------------------- */

static sigjmp_buf application_jump;
static void *volatile application_address;

static void
application_handler(int signal, siginfo_t *info, void *context)
{
   application_address = info->si_addr;
   siglongjmp(application_jump, 1);
}

static volatile int *volatile nowhere = (volatile int *)16;
static volatile int *volatile nobodys = (volatile int *)32;

/* Faults in its own code; true if the application's handler sees it. */
static bool
application_faults(void)
{
   application_address = NULL;
   if (sigsetjmp(application_jump, 1) == 0) {
      *nowhere = 1;
      return false;
   }
   return application_address == (void *)nowhere;
}

static void
chain_child(void *data)
{
   struct sigaction action = {.sa_sigaction = application_handler, .sa_flags = SA_SIGINFO};
   struct sigaction after;

   sigaction(SIGSEGV, &action, NULL);
   struct npu_rig *rig = sim_check_rig(2);
   uint64_t code_va = sim_assemble(rig, wild_kernel);
   if (!faults_as_it_should(rig, code_va) || application_address)
      _exit(1);
   if (!application_faults())
      _exit(2);
   if (!faults_as_it_should(rig, code_va))
      _exit(3);
   npu_rig_destroy(rig);
   sigaction(SIGSEGV, NULL, &after);
   if (after.sa_sigaction != application_handler || !application_faults())
      _exit(4);
   _exit(0);
}

/* An application that installs a handler later and does not chain. */
static void
replace_child(void *data)
{
   struct sigaction action = {.sa_sigaction = application_handler, .sa_flags = SA_SIGINFO};

   struct npu_rig *rig = sim_check_rig(2);
   uint64_t code_va = sim_assemble(rig, wild_kernel);
   if (!faults_as_it_should(rig, code_va))
      _exit(1);
   sigaction(SIGSEGV, &action, NULL);
   sigaction(SIGBUS, &action, NULL);
   if (!faults_as_it_should(rig, code_va))
      _exit(2);
   if (!application_faults())
      _exit(3);
   npu_rig_destroy(rig);
   if (!application_faults())
      _exit(4);
   rig = sim_check_rig(1);
   code_va = sim_assemble(rig, wild_kernel);
   if (!faults_as_it_should(rig, code_va) || !application_faults())
      _exit(5);
   _exit(0);
}

static struct sigaction chained;
static volatile unsigned chain_calls;

/* Hands what is not its own to the handler that it found. */
static void
chaining_handler(int signal, siginfo_t *info, void *context)
{
   if (++chain_calls > 100)
      _exit(99);
   if (info->si_addr == (void *)nowhere)
      application_handler(signal, info, context);
   chained.sa_sigaction(signal, info, context);
}

/* An application that installs a handler later and chains: the two must not call each other for ever.
 * A fault that is nobody's ends the process. */
static void
later_chain_child(void *data)
{
   const struct rlimit no_core = {0, 0};
   struct sigaction action = {.sa_sigaction = chaining_handler, .sa_flags = SA_SIGINFO};

   setrlimit(RLIMIT_CORE, &no_core);
   signal(SIGSEGV, SIG_DFL);
   struct npu_rig *rig = sim_check_rig(2);
   uint64_t code_va = sim_assemble(rig, wild_kernel);
   sigaction(SIGSEGV, &action, &chained);
   if (!faults_as_it_should(rig, code_va) || chain_calls)
      _exit(1);
   if (!application_faults() || chain_calls != 1)
      _exit(2);
   if (!faults_as_it_should(rig, code_va) || chain_calls != 1)
      _exit(3);
   *nobodys = 1;
}

/* No handler: the application dies of its own faults as ever. */
static void
default_child(void *data)
{
   const struct rlimit no_core = {0, 0};

   setrlimit(RLIMIT_CORE, &no_core);
   signal(SIGSEGV, SIG_DFL);
   struct npu_rig *rig = sim_check_rig(1);
   faults_as_it_should(rig, sim_assemble(rig, wild_kernel));
   *nowhere = 1;
}

static void
killed_child(void *data)
{
   const struct rlimit no_core = {0, 0};

   setrlimit(RLIMIT_CORE, &no_core);
   signal(SIGSEGV, SIG_DFL);
   sim_check_rig(1);
   kill(getpid(), SIGSEGV);
   sleep(5);
}

static void
ignore_child(void *data)
{
   signal(SIGSEGV, SIG_IGN);
   struct npu_rig *rig = sim_check_rig(1);
   kill(getpid(), SIGSEGV);
   _exit(faults_as_it_should(rig, sim_assemble(rig, wild_kernel)) ? 0 : 1);
}

static void
test_signals(struct tap *tap)
{
   CHECK_EQ(in_child(chain_child, NULL), 0);
   CHECK_EQ(in_child(replace_child, NULL), 0);
   CHECK_EQ(in_child(later_chain_child, NULL), 256 + SIGSEGV);
   CHECK_EQ(in_child(default_child, NULL), 256 + SIGSEGV);
   CHECK_EQ(in_child(killed_child, NULL), 256 + SIGSEGV);
   CHECK_EQ(in_child(ignore_child, NULL), 0);
   tap_case(tap, "faults of the application reach the application");
}

/* ---- processes ------------------------------------------------------------------------------ */

/* A process that is stopped and goes on: to the watchdog of its device no time has passed. */
static void
stopped_child(void *data)
{
   struct npu_rig *rig = sim_check_rig(1);
   uint64_t va = npu_rig_alloc(rig, 4096, NPU_RIG_RW);
   uint64_t code_va = sim_assemble(rig, "rdsr s0, args\n"
                                        "again: ld_s.b32 s2, [s0]\n"
                                        "br.z s2, again\n"
                                        "end\n");
   struct npu_packet_dispatch d = npu_rig_dispatch(code_va, va, 1, 32);
   const struct timespec second = {.tv_sec = 1}, moment = {.tv_nsec = 100000000};
   struct npu_rig_fault fault;

   npu_sim_reg_write(npu_rig_sim(rig), NPU_REG_QUEUE_WATCHDOG(0), 500);
   uint64_t seqno = npu_rig_submit(rig, 0, NPU_RIG_ASID, &d, 1);
   nanosleep(&moment, NULL);

   const pid_t pid = getpid();
   if (fork() == 0) {
      nanosleep(&second, NULL);
      kill(pid, SIGCONT);
      _exit(0);
   }
   raise(SIGSTOP);
   nanosleep(&moment, NULL);
   *(volatile uint32_t *)npu_rig_ptr(rig, va) = 1;
   if (!npu_rig_wait(rig, 0, seqno, 5000))
      _exit(1);
   _exit(npu_rig_pop_fault(rig, &fault) ? 2 : 0);
}

static void
test_stop(struct tap *tap)
{
   CHECK_EQ(in_child(stopped_child, NULL), 0);
   tap_case(tap, "a process that was stopped");
}

/* A busy device, and then fork: the child finds it inert. */
static void
inert_child(void *data)
{
   struct npu_rig *rig = data;
   struct npu_sim *sim = npu_rig_sim(rig);

   if (npu_sim_reg_read(sim, NPU_REG_ID) != 0)
      _exit(1);
   npu_sim_reg_write(sim, NPU_REG_RESET, 1);
   npu_sim_reg_write(sim, NPU_REG_QUEUE_TAIL(0), 1);
   npu_sim_reset(sim);
   npu_sim_set_irq(sim, NULL, NULL);
   npu_sim_destroy(sim);
   /* A device of its own works. */
   struct npu_rig *own = sim_check_rig(2);
   _exit(faults_as_it_should(own, sim_assemble(own, wild_kernel)) ? 0 : 2);
}

static void
exit_child(void *data)
{
   struct npu_rig *rig = sim_check_rig(2);
   struct npu_packet_dispatch d = npu_rig_dispatch(sim_assemble(rig, loop_kernel), 0, 10, 32);

   npu_rig_submit(rig, 0, NPU_RIG_ASID, &d, 1);
   npu_rig_wait(rig, 0, 1, 20);
   exit(7);
}

static void
exit_inert_child(void *data)
{
   exit(8);
}

static void
test_processes(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(2);
   uint64_t loop_va = sim_assemble(rig, loop_kernel);
   struct npu_packet_dispatch d = npu_rig_dispatch(loop_va, 0, 10, 32);

   npu_rig_submit(rig, 0, NPU_RIG_ASID, &d, 1);
   npu_rig_wait(rig, 0, 1, 20);
   CHECK_EQ(in_child(inert_child, rig), 0);
   CHECK_EQ(in_child(exit_inert_child, rig), 8);
   CHECK_EQ(in_child(exit_child, NULL), 7);
   /* The parent's goes on. */
   CHECK_EQ(npu_sim_reg_read(npu_rig_sim(rig), NPU_REG_QUEUE_FENCE(0)), 0);
   npu_rig_destroy(rig);
   tap_case(tap, "fork and exit with work in flight");
}

/* ---- limits --------------------------------------------------------------------------------- */

static void
limited_child(void *data)
{
   struct npu_sim_config config;
   const struct rlimit limit = {64ull << 30, 64ull << 30};
   char *error;

   setrlimit(RLIMIT_AS, &limit);
   npu_sim_config_parse(&config, "mem=1G,cores=1");
   if (!freopen("/dev/null", "w", stderr))
      _exit(1);
   struct npu_rig *rig = npu_rig_create(&config, &error);
   if (!rig)
      _exit(2);
   uint64_t bits = NPU_GET(npu_sim_reg_read(npu_rig_sim(rig), NPU_REG_CAPS), NPU_CAPS_VA_BITS);
   if (bits < 34 || bits > 35)
      _exit(3);
   if (!faults_as_it_should(rig, sim_assemble(rig, wild_kernel)))
      _exit(4);
   npu_rig_destroy(rig);

   config.va_bits_may_shrink = false;
   if (npu_rig_create(&config, &error))
      _exit(5);
   if (!error || strcmp(error, "the host has no address space for 40-bit device addresses"))
      _exit(6);
   /* Not even the memory. */
   npu_sim_config_parse(&config, "mem=1T");
   if (npu_rig_create(&config, &error) || !error)
      _exit(7);
   _exit(0);
}

/* The second address space gets no window any more, and works all the same. */
static void
no_window_child(void *data)
{
   struct npu_sim_config config;
   char *error;

   npu_sim_config_parse(&config, "mem=1G,cores=1,va-bits=36");
   struct npu_rig *rig = npu_rig_create(&config, &error);
   if (!rig)
      _exit(1);
   const struct rlimit limit = {4ull << 30, 4ull << 30};
   setrlimit(RLIMIT_AS, &limit);
   uint64_t code_va = sim_assemble(rig,
                                   "rdsr s0, args\n rdsr v0, lane_id\n st_u.b32 [s0 + lane], v0\n"
                                   " ld_u.b32 v1, [s0 + lane]\n iadd.i32 v1, v1, 1\n"
                                   " st_u.b32 [s0 + lane + 128], v1\n end\n");
   uint64_t va = npu_rig_alloc(rig, 4096, NPU_RIG_RW);
   struct npu_packet_dispatch d = npu_rig_dispatch(code_va, va, 1, 32);
   uint64_t seqno = npu_rig_submit(rig, 0, NPU_RIG_ASID, &d, 1);
   if (!npu_rig_wait(rig, 0, seqno, 5000))
      _exit(2);
   const uint32_t *words = npu_rig_ptr(rig, va);
   for (unsigned i = 0; i < 32; i++) {
      if (words[i] != i || words[32 + i] != i + 1)
         _exit(3);
   }
   if (!faults_as_it_should(rig, sim_assemble(rig, wild_kernel)))
      _exit(4);
   _exit(0);
}

static void
test_limits(struct tap *tap)
{
#ifdef __SANITIZE_ADDRESS__
   tap_case(tap, "little address space # SKIP AddressSanitizer itself needs 2^44 bytes of it");
   return;
#endif
   CHECK_EQ(in_child(limited_child, NULL), 0);
   CHECK_EQ(in_child(no_window_child, NULL), 0);
   tap_case(tap, "little address space");
}

/* ---- several devices ------------------------------------------------------------------------ */

static void
test_several(struct tap *tap)
{
   struct npu_rig *rigs[4];

   for (unsigned round = 0; round < 3; round++) {
      for (unsigned i = 0; i < 4; i++) {
         rigs[i] = sim_check_rig(2);
         uint64_t va = npu_rig_alloc(rigs[i], 4096, NPU_RIG_RW);
         uint64_t code_va = sim_assemble(rigs[i],
                                         "rdsr s0, args\n mov.b64 s1, 1\n mov.b32 v0, 0\n"
                                         " atom_iadd_o.i64.noret [s0 + zx(v0)<<0], s1\n end\n");
         struct npu_packet_dispatch d = npu_rig_dispatch(code_va, va, 10 + i, 32);
         CHECK_EQ(sim_run(tap, rigs[i], NPU_RIG_ASID, &d, 1).type, NPU_FAULT_NONE);
         CHECK_EQ(*(uint64_t *)npu_rig_ptr(rigs[i], va), (10 + i) * 32);
      }
      for (unsigned i = 0; i < 4; i++) {
         CHECK(faults_as_it_should(rigs[i], sim_assemble(rigs[i], wild_kernel)));
         npu_rig_destroy(rigs[i]);
      }
   }
   tap_case(tap, "several devices in a process, again and again");
}

/* Memory given back to the host is zero again. */
static void
test_memory(struct tap *tap)
{
   struct npu_rig *rig = sim_check_rig(1);
   struct npu_sim *sim = npu_rig_sim(rig);
   uint64_t pa = npu_rig_alloc_pa(rig, 8192, 4096);
   uint8_t *host = npu_rig_pa_ptr(rig, pa);
   uint8_t *mapped = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, npu_sim_mem_fd(sim),
                          (off_t)pa);

   CHECK(mapped != MAP_FAILED);
   for (unsigned i = 0; i < 8192; i++)
      CHECK_EQ(host[i], 0);
   mapped[5] = 7;
   mapped[5000] = 8;
   CHECK_EQ(host[5], 7);
   CHECK_EQ(fallocate(npu_sim_mem_fd(sim), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)pa,
                      4096),
            0);
   CHECK_EQ(host[5], 0);
   CHECK_EQ(host[5000], 8);
   CHECK(ftruncate(npu_sim_mem_fd(sim), 4096) != 0);
   npu_rig_destroy(rig);
   CHECK_EQ(mapped[5000], 8);
   munmap(mapped, 8192);
   tap_case(tap, "device memory");
}

int
main(void)
{
   struct tap tap = {0};

   test_configuration(&tap);
   test_signals(&tap);
   test_processes(&tap);
   test_stop(&tap);
   test_limits(&tap);
   test_several(&tap);
   test_memory(&tap);
   return tap_done(&tap);
}
