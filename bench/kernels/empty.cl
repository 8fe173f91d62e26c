// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Nothing: what a launch costs. */

kernel void
empty(void)
{
}
