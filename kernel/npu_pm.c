// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Copyright © 2026 The NPU stack authors */

/**
 * DOC: Power management
 *
 * The device is awake while a file is open or a buffer is in its memory, and for a second after
 * that. So nothing in the driver has to wake it up, but what happens behind the last close - the
 * end of VMs - must not touch the registers of a device that sleeps. When it wakes up it was reset;
 * its memory refreshes itself.
 *
 * For system sleep, jobs on the hardware get some time to end. Those that do not are treated as in
 * a reset: what was not started runs after waking up, what was started is lost with its context.
 *
 * What it misses: saving device-local memory for hardware that loses it in system sleep.
 */

#include <linux/delay.h>
#include <linux/pm_runtime.h>

#include <drm/drm_print.h>

#include "npu_device.h"
#include "npu_pm.h"
#include "npu_sched.h"

#define NPU_PM_AUTOSUSPEND_MS	1000
#define NPU_PM_PATIENCE_MS	2000

/**
 * npu_pm_get() - wake the device up and keep it awake
 * @npu: the device
 *
 * Return: 0 or a negative errno.
 */
int npu_pm_get(struct npu_device *npu)
{
	return pm_runtime_resume_and_get(npu->drm.dev);
}

/**
 * npu_pm_put() - undo one npu_pm_get()
 * @npu: the device
 */
void npu_pm_put(struct npu_device *npu)
{
	pm_runtime_mark_last_busy(npu->drm.dev);
	pm_runtime_put_autosuspend(npu->drm.dev);
}

void npu_pm_init(struct npu_device *npu)
{
	struct device *dev = npu->drm.dev;

	pm_runtime_set_autosuspend_delay(dev, NPU_PM_AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(dev);
	pm_runtime_mark_last_busy(dev);
	/* The PCI core has enabled it and holds a reference for us. */
	pm_runtime_allow(dev);
	pm_runtime_put_autosuspend(dev);
}

void npu_pm_fini(struct npu_device *npu)
{
	pm_runtime_get_sync(npu->drm.dev);
	pm_runtime_forbid(npu->drm.dev);
	pm_runtime_dont_use_autosuspend(npu->drm.dev);
}

static bool npu_pm_is_idle(struct npu_device *npu)
{
	bool idle;

	spin_lock(&npu->sched.lock);
	idle = !npu->sched.num_jobs;
	spin_unlock(&npu->sched.lock);
	return idle;
}

static int npu_pm_wake(struct npu_device *npu)
{
	int ret;

	if (npu->lost)
		return 0;
	ret = npu_device_reset(npu);
	if (!ret) {
		npu_sched_recover(npu, false);
		ret = npu_device_start(npu);
	}
	if (ret) {
		drm_err(&npu->drm, "the device does not wake up: %d\n", ret);
		return ret;
	}
	npu_sched_process(npu, true);
	return 0;
}

static int npu_pm_runtime_suspend(struct device *dev)
{
	struct npu_device *npu = dev_get_drvdata(dev);

	/* Jobs of contexts that are closed may still be ending. */
	if (!npu_pm_is_idle(npu))
		return -EBUSY;
	npu_sched_stop(npu);
	npu_device_stop(npu);
	return 0;
}

static int npu_pm_runtime_resume(struct device *dev)
{
	return npu_pm_wake(dev_get_drvdata(dev));
}

static int npu_pm_suspend(struct device *dev)
{
	struct npu_device *npu = dev_get_drvdata(dev);
	int left_ms = NPU_PM_PATIENCE_MS;

	/* Nothing new goes to the hardware; what is there may end. */
	npu_sched_stop(npu);
	if (pm_runtime_suspended(dev))
		return 0;
	while (!npu->lost && !npu_pm_is_idle(npu) && left_ms > 0) {
		npu_sched_process(npu, false);
		msleep(20);
		left_ms -= 20;
	}
	cancel_delayed_work_sync(&npu->watchdog);
	npu_device_stop(npu);
	npu_sched_process(npu, false);
	return 0;
}

static int npu_pm_resume(struct device *dev)
{
	struct npu_device *npu = dev_get_drvdata(dev);

	return pm_runtime_suspended(dev) ? 0 : npu_pm_wake(npu);
}

const struct dev_pm_ops npu_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(npu_pm_suspend, npu_pm_resume)
	RUNTIME_PM_OPS(npu_pm_runtime_suspend, npu_pm_runtime_resume, NULL)
};
