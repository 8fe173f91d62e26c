// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Pipes (__opencl_c_pipes): clCreatePipe() and what it rejects, packets of many sizes through rings that wrap around,
 * full and empty pipes, reservations by work-items, sub-groups and work-groups, and how kernel arguments tell pipes
 * from buffers.
 */

#include <string.h>

#include "cl_test.h"

#define STANDARD "-cl-std=CL3.0"

static void
release_mem(void *mem)
{
   clReleaseMemObject(mem);
}

static cl_mem
make_pipe(cl_uint packet_size_B, cl_uint max_packets)
{
   cl_int error;
   cl_mem pipe = clCreatePipe(clt.context, 0, packet_size_B, max_packets, NULL, &error);

   CLT_CALL(error);
   clt_defer(release_mem, pipe);
   return pipe;
}

static void
expect_pipe_error(cl_mem_flags flags, cl_uint packet_size_B, cl_uint max_packets, cl_int expected)
{
   cl_int error = CL_SUCCESS;
   cl_mem pipe = clCreatePipe(clt.context, flags, packet_size_B, max_packets, NULL, &error);

   clt_expect(error, expected,
              clt_format("clCreatePipe(0x%llx, %u, %u)", (unsigned long long)flags, packet_size_B,
                         max_packets));
   if (pipe)
      clReleaseMemObject(pipe);
}

static cl_uint
device_uint(cl_device_info name)
{
   cl_uint value = 0;

   CLT_CALL(clGetDeviceInfo(clt.device, name, sizeof(value), &value, NULL));
   return value;
}

static void
test_api(const void *arg)
{
   const cl_uint max_packet_B = device_uint(CL_DEVICE_PIPE_MAX_PACKET_SIZE);
   cl_bool supported = CL_FALSE;
   cl_uint value = 0;
   cl_mem_object_type type = 0;
   size_t size_B = 99;

   CLT_CALL(
      clGetDeviceInfo(clt.device, CL_DEVICE_PIPE_SUPPORT, sizeof(supported), &supported, NULL));
   CLT_CHECK(supported, "CL_DEVICE_PIPE_SUPPORT");
   CLT_CHECK(max_packet_B >= 1024, "packets may have %u bytes", max_packet_B);
   CLT_CHECK(device_uint(CL_DEVICE_MAX_PIPE_ARGS) >= 16, "too few arguments may be pipes");
   CLT_CHECK(device_uint(CL_DEVICE_PIPE_MAX_ACTIVE_RESERVATIONS) >= 1, "no reservations");

   cl_mem pipe = make_pipe(12, 7), buffer = clt_buffer(64, NULL);
   CLT_CALL(clGetPipeInfo(pipe, CL_PIPE_PACKET_SIZE, sizeof(value), &value, NULL));
   CLT_CHECK(value == 12, "packet size %u", value);
   CLT_CALL(clGetPipeInfo(pipe, CL_PIPE_MAX_PACKETS, sizeof(value), &value, NULL));
   CLT_CHECK(value == 7, "%u packets", value);
   CLT_CALL(clGetPipeInfo(pipe, CL_PIPE_PROPERTIES, 0, NULL, &size_B));
   CLT_CHECK(size_B == 0, "properties of %zu bytes", size_B);
   CLT_CALL(clGetMemObjectInfo(pipe, CL_MEM_TYPE, sizeof(type), &type, NULL));
   CLT_CHECK(type == CL_MEM_OBJECT_PIPE, "type 0x%x", type);
   CLT_EXPECT(clGetPipeInfo(pipe, CL_MEM_TYPE, sizeof(value), &value, NULL), CL_INVALID_VALUE);
   CLT_EXPECT(clGetPipeInfo(buffer, CL_PIPE_PACKET_SIZE, sizeof(value), &value, NULL),
              CL_INVALID_MEM_OBJECT);
   CLT_EXPECT(clEnqueueReadBuffer(clt.queue, pipe, CL_TRUE, 0, 4, &value, 0, NULL, NULL),
              CL_INVALID_MEM_OBJECT);

   expect_pipe_error(0, 0, 7, CL_INVALID_PIPE_SIZE);
   expect_pipe_error(0, 4, 0, CL_INVALID_PIPE_SIZE);
   expect_pipe_error(0, max_packet_B + 1, 7, CL_INVALID_PIPE_SIZE);
   expect_pipe_error(CL_MEM_READ_ONLY, 4, 7, CL_INVALID_VALUE);
   expect_pipe_error(CL_MEM_HOST_WRITE_ONLY, 4, 7, CL_INVALID_VALUE);
   expect_pipe_error(0, max_packet_B, 0xffffffff, CL_MEM_OBJECT_ALLOCATION_FAILURE);
   expect_pipe_error(CL_MEM_READ_WRITE | CL_MEM_HOST_NO_ACCESS, max_packet_B, 2, CL_SUCCESS);
}

/* Commands do not look into pipes, and nothing is made of them. */
static void
test_commands(const void *arg)
{
   const cl_image_format format = {CL_R, CL_UNSIGNED_INT32};
   const cl_buffer_region region = {0, 64};
   cl_mem pipe = make_pipe(4, 64), buffer = clt_buffer(256, NULL);
   const cl_image_desc desc = {.image_type = CL_MEM_OBJECT_IMAGE1D_BUFFER,
                               .image_width = 16,
                               .mem_object = pipe};
   cl_int word = 0, error = CL_SUCCESS;

   CLT_EXPECT(clEnqueueReadBuffer(clt.queue, pipe, CL_TRUE, 0, 4, &word, 0, NULL, NULL),
              CL_INVALID_MEM_OBJECT);
   CLT_EXPECT(clEnqueueWriteBuffer(clt.queue, pipe, CL_TRUE, 0, 4, &word, 0, NULL, NULL),
              CL_INVALID_MEM_OBJECT);
   CLT_EXPECT(clEnqueueFillBuffer(clt.queue, pipe, &word, 4, 0, 64, 0, NULL, NULL),
              CL_INVALID_MEM_OBJECT);
   CLT_EXPECT(clEnqueueCopyBuffer(clt.queue, pipe, buffer, 0, 0, 64, 0, NULL, NULL),
              CL_INVALID_MEM_OBJECT);
   CLT_EXPECT(clEnqueueCopyBuffer(clt.queue, buffer, pipe, 0, 0, 64, 0, NULL, NULL),
              CL_INVALID_MEM_OBJECT);
   clEnqueueMapBuffer(clt.queue, pipe, CL_TRUE, CL_MAP_READ, 0, 4, 0, NULL, NULL, &error);
   clt_expect(error, CL_INVALID_MEM_OBJECT, "clEnqueueMapBuffer");
   clCreateSubBuffer(pipe, 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &error);
   clt_expect(error, CL_INVALID_MEM_OBJECT, "clCreateSubBuffer");
   clCreateImage(clt.context, 0, &format, &desc, NULL, &error);
   clt_expect(error, CL_INVALID_OPERATION, "clCreateImage");
}

static void
test_args(const void *arg)
{
   cl_kernel kernel = clt_kernel(
      "kernel void test(read_only pipe int in, write_only pipe int out, global int *p) {\n"
      "   int x; if (!read_pipe(in, &x)) p[0] = write_pipe(out, &x);\n"
      "}\n",
      STANDARD " -cl-kernel-arg-info", "test");
   static const cl_kernel_arg_access_qualifier access[] = {CL_KERNEL_ARG_ACCESS_READ_ONLY,
                                                           CL_KERNEL_ARG_ACCESS_WRITE_ONLY};
   cl_mem pipe = make_pipe(4, 1), buffer = clt_buffer(64, NULL), none = NULL;

   for (cl_uint i = 0; i < 3; i++) {
      cl_kernel_arg_type_qualifier type = 0;
      cl_kernel_arg_access_qualifier qualifier = 0;
      cl_kernel_arg_address_qualifier address = 0;

      CLT_CALL(
         clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_TYPE_QUALIFIER, sizeof(type), &type, NULL));
      CLT_CHECK(type == (i < 2 ? CL_KERNEL_ARG_TYPE_PIPE : 0), "argument %u: type qualifier %u", i,
                (unsigned)type);
      CLT_CALL(clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_ACCESS_QUALIFIER, sizeof(qualifier),
                                  &qualifier, NULL));
      CLT_CHECK(i == 2 || qualifier == access[i], "argument %u: access 0x%x", i, qualifier);
      CLT_CALL(clGetKernelArgInfo(kernel, i, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof(address),
                                  &address, NULL));
      CLT_CHECK(address == CL_KERNEL_ARG_ADDRESS_GLOBAL, "argument %u: address space 0x%x", i,
                address);
   }
   CLT_EXPECT(clSetKernelArg(kernel, 0, sizeof(pipe), &pipe), CL_SUCCESS);
   CLT_EXPECT(clSetKernelArg(kernel, 0, sizeof(buffer), &buffer), CL_INVALID_MEM_OBJECT);
   CLT_EXPECT(clSetKernelArg(kernel, 2, sizeof(pipe), &pipe), CL_INVALID_MEM_OBJECT);
   CLT_EXPECT(clSetKernelArg(kernel, 1, sizeof(none), &none), CL_INVALID_ARG_VALUE);
   CLT_EXPECT(clSetKernelArg(kernel, 1, sizeof(pipe) - 1, &pipe), CL_INVALID_ARG_SIZE);
}

struct packets {
   const char *name, *definition;
   size_t size_B;
   cl_uint max, count; /* packets of the pipe, of a launch */
};

/* Rounds of writes and reads, which together go around the ring several times. Every packet comes out once. */
static void
test_round_trip(const void *arg)
{
   const struct packets *p = arg;
   cl_program program = clt_program(
      clt_format("typedef %s T;\n"
                 "kernel void put(write_only pipe T out, global T *data, global int *status) {\n"
                 "   size_t i = get_global_id(0);\n"
                 "   status[i] = write_pipe(out, &data[i]);\n"
                 "}\n"
                 "kernel void get(read_only pipe T in, global T *data, global int *status) {\n"
                 "   size_t i = get_global_id(0);\n"
                 "   T x = data[i];\n"
                 "   status[i] = read_pipe(in, &x);\n"
                 "   data[i] = x;\n"
                 "}\n",
                 p->definition),
      STANDARD);
   cl_kernel put = clt_kernel_of(program, "put"), get = clt_kernel_of(program, "get");
   cl_mem pipe = make_pipe((cl_uint)p->size_B, p->max);
   const size_t bytes = p->count * p->size_B;
   unsigned char *sent = clt_alloc(bytes), *got = clt_alloc(bytes);
   cl_int *status = clt_alloc(p->count * sizeof(cl_int));
   uint64_t state = clt.seed;

   for (unsigned round = 0; round < 7; round++) {
      for (size_t i = 0; i < bytes; i++)
         sent[i] = (unsigned char)clt_random(&state);
      cl_mem data = clt_buffer(bytes, sent), results = clt_buffer(p->count * sizeof(cl_int), NULL);

      clt_arg_mem(put, 0, pipe);
      clt_arg_mem(put, 1, data);
      clt_arg_mem(put, 2, results);
      clt_launch_1d(put, p->count, 0);
      clt_read(results, 0, p->count * sizeof(cl_int), status);
      cl_uint written = 0;
      for (cl_uint i = 0; i < p->count; i++) {
         /* What did not fit in is out of the game. */
         CLT_CHECK(status[i] <= 0, "write_pipe() returned %d", status[i]);
         if (status[i] == 0)
            memcpy(sent + written++ * p->size_B, sent + i * p->size_B, p->size_B);
      }
      CLT_CHECK(written == (p->count < p->max ? p->count : p->max),
                "%u packets of %u went into a pipe for %u", written, p->count, p->max);

      memset(got, 0xee, bytes);
      clt_write(data, 0, bytes, got);
      clt_arg_mem(get, 0, pipe);
      clt_arg_mem(get, 1, data);
      clt_arg_mem(get, 2, results);
      clt_launch_1d(get, p->count, 0);
      clt_read(results, 0, p->count * sizeof(cl_int), status);
      clt_read(data, 0, bytes, got);
      cl_uint read = 0;
      for (cl_uint i = 0; i < p->count; i++) {
         unsigned char *packet = got + i * p->size_B;

         if (status[i] < 0) {
            for (size_t k = 0; k < p->size_B; k++)
               CLT_CHECK(packet[k] == 0xee, "a read of the empty pipe changed byte %zu", k);
            continue;
         }
         read++;
         bool found = false;
         for (cl_uint k = 0; k < written && !found; k++) {
            if (memcmp(packet, sent + k * p->size_B, p->size_B) == 0) {
               memmove(sent + k * p->size_B, sent + (written - 1) * p->size_B, p->size_B);
               written--;
               found = true;
            }
         }
         CLT_CHECK(found, "round %u: item %u got a packet that nobody sent", round, i);
      }
      CLT_CHECK(written == 0, "round %u: %u packets were lost, %u read", round, written, read);
      if (clt_failed())
         break;
   }
}

static void
test_queries(const void *arg)
{
   cl_program program = clt_program(
      "kernel void put(write_only pipe int out, global int *result) {\n"
      "   int x = 1;\n"
      "   for (int i = 0; i < 4; i++) write_pipe(out, &x);\n"
      "   result[0] = get_pipe_num_packets(out); result[1] = get_pipe_max_packets(out);\n"
      "}\n"
      "kernel void get(read_only pipe int in, global int *result) {\n"
      "   int x;\n"
      "   read_pipe(in, &x);\n"
      "   result[0] = get_pipe_num_packets(in); result[1] = get_pipe_max_packets(in);\n"
      "}\n",
      STANDARD);
   cl_mem pipe = make_pipe(4, 10), out = clt_buffer(8, NULL);
   static const struct {
      const char *kernel;
      int packets;
   } steps[] = {{"put", 4}, {"get", 3}, {"put", 7}, {"put", 10}, {"get", 9}};

   for (size_t i = 0; i < CLT_ARRAY_SIZE(steps); i++) {
      cl_kernel kernel = clt_kernel_of(program, steps[i].kernel);
      cl_int got[2];

      clt_arg_mem(kernel, 0, pipe);
      clt_arg_mem(kernel, 1, out);
      clt_launch_1d(kernel, 1, 1);
      clt_read(out, 0, sizeof(got), got);
      CLT_CHECK(got[0] == steps[i].packets && got[1] == 10, "step %zu: %d packets of %d", i, got[0],
                got[1]);
   }
}

/* What a reservation is good for, and when there is none. */
static void
test_reservations(const void *arg)
{
   static const cl_int want[] = {1, 0, 1, -1, 0, 0, 1, 0, 3, 0, 0, 0, 1, 32, 30, 31, 0, 0};
   cl_program program = clt_program(
      "kernel void put(write_only pipe int out, global int *r) {\n"
      "   int x[3] = {30, 31, 32};\n"
      "   reserve_id_t a = reserve_write_pipe(out, 3), b = reserve_write_pipe(out, 3);\n"
      "   r[0] = is_valid_reserve_id(a); r[1] = is_valid_reserve_id(b);\n"
      "   reserve_id_t c = reserve_write_pipe(out, 2);\n"
      "   r[2] = is_valid_reserve_id(c);\n"
      "   r[3] = write_pipe(out, a, 3, &x[0]);\n"
      "   r[4] = write_pipe(out, a, 1, &x[1]) + write_pipe(out, a, 0, &x[0]);\n"
      "   r[5] = write_pipe(out, a, 2, &x[2]);\n"
      "   commit_write_pipe(out, a);\n"
      "   write_pipe(out, c, 0, &x[0]); write_pipe(out, c, 1, &x[0]);\n"
      "   commit_write_pipe(out, c);\n"
      "   r[6] = is_valid_reserve_id(a);\n"
      "   r[7] = is_valid_reserve_id(reserve_write_pipe(out, 1));\n"
      "}\n"
      "kernel void get(read_only pipe int in, global int *r) {\n"
      "   int x = -5;\n"
      "   reserve_id_t a = reserve_read_pipe(in, 3);\n"
      "   r[8] = 3 * is_valid_reserve_id(a); r[9] = is_valid_reserve_id(reserve_read_pipe(in, "
      "3));\n"
      "   r[10] = is_valid_reserve_id(reserve_read_pipe(in, 0));\n"
      "   r[11] = read_pipe(in, a, 3, &x) == 0;\n"
      "   r[12] = x == -5;\n"
      "   read_pipe(in, a, 2, &r[13]); read_pipe(in, a, 0, &r[14]); read_pipe(in, a, 1, &r[15]);\n"
      "   commit_read_pipe(in, a);\n"
      "   r[16] = read_pipe(in, &x) + read_pipe(in, &x);\n"
      "   r[17] = read_pipe(in, &x) == 0;\n"
      "}\n",
      STANDARD);
   cl_mem pipe = make_pipe(4, 5), out = clt_buffer(sizeof(want), NULL);
   cl_int got[CLT_ARRAY_SIZE(want)];

   for (unsigned i = 0; i < 2; i++) {
      cl_kernel kernel = clt_kernel_of(program, i ? "get" : "put");

      clt_arg_mem(kernel, 0, pipe);
      clt_arg_mem(kernel, 1, out);
      clt_launch_1d(kernel, 1, 1);
   }
   clt_read(out, 0, sizeof(got), got);
   for (size_t i = 0; i < CLT_ARRAY_SIZE(want); i++)
      CLT_CHECK(got[i] == want[i], "result %zu: got %d, expected %d", i, got[i], want[i]);
}

/* All groups reserve together; the pipe is too small for the last of them. */
static void
test_groups(const void *arg)
{
   enum {
      GROUP = 48,
      GROUPS = 7,
      ITEMS = GROUP * GROUPS
   };
   const char *scope = arg;
   const bool is_work_group = strcmp(scope, "work_group") == 0;
   cl_program program = clt_program(
      clt_format("#define SIZE %s\n#define RANK %s\n"
                 "kernel void put(write_only pipe int out, global int *ok, global int *data) {\n"
                 "   int i = get_global_id(0);\n"
                 "   reserve_id_t id = %s_reserve_write_pipe(out, SIZE);\n"
                 "   ok[i] = is_valid_reserve_id(id);\n"
                 "   if (is_valid_reserve_id(id)) {\n"
                 "      ok[i] += write_pipe(out, id, RANK, &i);\n"
                 "      %s_commit_write_pipe(out, id);\n"
                 "   }\n"
                 "}\n"
                 "kernel void get(read_only pipe int in, global int *ok, global int *data) {\n"
                 "   int i = get_global_id(0);\n"
                 "   reserve_id_t id = %s_reserve_read_pipe(in, SIZE);\n"
                 "   ok[i] = is_valid_reserve_id(id);\n"
                 "   data[i] = -1;\n"
                 "   if (is_valid_reserve_id(id)) {\n"
                 "      ok[i] += read_pipe(in, id, RANK, &data[i]);\n"
                 "      %s_commit_read_pipe(in, id);\n"
                 "   }\n"
                 "}\n",
                 is_work_group ? "get_local_size(0)" : "get_sub_group_size()",
                 is_work_group ? "get_local_id(0)" : "get_sub_group_local_id()", scope, scope,
                 scope, scope),
      STANDARD);
   cl_mem pipe = make_pipe(4, ITEMS - GROUP), ok = clt_buffer(ITEMS * 4, NULL),
          data = clt_buffer(ITEMS * 4, NULL);
   cl_int sent[ITEMS], received[ITEMS], values[ITEMS];
   unsigned num_sent = 0, num_received = 0;
   bool seen[ITEMS] = {false};

   for (unsigned i = 0; i < 2; i++) {
      cl_kernel kernel = clt_kernel_of(program, i ? "get" : "put");

      clt_arg_mem(kernel, 0, pipe);
      clt_arg_mem(kernel, 1, ok);
      clt_arg_mem(kernel, 2, data);
      clt_launch_1d(kernel, ITEMS, GROUP);
      clt_read(ok, 0, sizeof(sent), i ? received : sent);
   }
   clt_read(data, 0, sizeof(values), values);
   for (unsigned i = 0; i < ITEMS; i++) {
      num_sent += sent[i];
      num_received += received[i];
      if (!received[i])
         continue;
      CLT_CHECK(values[i] >= 0 && values[i] < ITEMS && sent[values[i]] && !seen[values[i]],
                "item %u received %d", i, values[i]);
      if (values[i] >= 0 && values[i] < ITEMS)
         seen[values[i]] = true;
   }
   CLT_CHECK(num_sent >= ITEMS - 2 * GROUP && num_sent <= ITEMS - GROUP, "%u packets were sent",
             num_sent);
   CLT_CHECK(!is_work_group || num_sent == ITEMS - GROUP, "%u packets were sent", num_sent);
   CLT_CHECK(is_work_group ? num_received == num_sent : num_received > 0,
             "of %u packets %u were received", num_sent, num_received);
}

int
main(int argc, char **argv)
{
   static const struct packets packets[] = {
      {"char", "char", 1, 100, 90},
      {"short4", "short4", 8, 33, 33},
      {"int", "int", 4, 1000, 700},
      {"int.full", "int", 4, 100, 300},
      {"double4", "double4", 32, 5, 4},
      {"struct", "struct __attribute__((packed)) { char a; int b; short c; }", 7, 13, 50},
      {"one", "long", 8, 1, 3},
      {"large", "struct { int a[250]; }", 1000, 6, 5},
   };

   clt_init(argc, argv, "pipes");
   clt_run(test_api, NULL, "api");
   clt_run(test_args, NULL, "arguments");
   clt_run(test_commands, NULL, "commands");
   for (size_t i = 0; i < CLT_ARRAY_SIZE(packets); i++)
      clt_run(test_round_trip, &packets[i], "round_trip.%s", packets[i].name);
   clt_run(test_queries, NULL, "queries");
   clt_run(test_reservations, NULL, "reservations");
   clt_run(test_groups, "work_group", "groups.work_group");
   clt_run(test_groups, "sub_group", "groups.sub_group");
   return clt_done();
}
