<?php

/**
 * What SMF shows around what the bridge answers. `html` is the bridge's own, escaped there; all else is escaped here.
 */

function template_afteraction()
{
	global $context, $scripturl, $txt;

	$shown = $context['afteraction'];
	echo '
	<div class="cat_bar">
		<h3 class="catbg">', AfterActionForum::e($shown['title']), '</h3>
	</div>';

	if ($shown['note'] !== '')
		echo '
	<div class="noticebox">', AfterActionForum::e($shown['note']), '</div>';

	if ($shown['notice'] !== '')
		echo '
	<div class="infobox">', AfterActionForum::e($shown['notice']), '</div>';

	if ($shown['problem'] !== '')
	{
		echo '
	<div class="noticebox">', AfterActionForum::e($shown['problem']);
		if ($shown['detail'] !== '')
			echo '<br><span class="smalltext">', AfterActionForum::e($shown['detail']), ' &ndash; <a href="', $scripturl, '?action=admin;area=modsettings;sa=afteraction">', $txt['afteraction_to_settings'], '</a></span>';
		echo '</div>';
	}

	if ($shown['areas'])
	{
		echo '
	<div class="roundframe noup">
		<ul class="bbc_list">';
		foreach ($context['menu_buttons']['afteraction']['sub_buttons'] ?? array() as $button)
			echo '
			<li><a href="', $button['href'], '">', $button['title'], '</a></li>';
		echo '
		</ul>
	</div>';
	}

	if ($shown['html'] !== '')
		echo '
	<div class="roundframe noup">', $shown['html'], '
	</div>';

	if ($shown['links'] !== array())
	{
		echo '
	<div class="pagesection">';
		foreach ($shown['links'] as $link)
			echo '
		<a class="button" href="', AfterActionForum::e($link['href']), '">', AfterActionForum::e($link['text']), '</a>';
		echo '
	</div>';
	}
}

function template_ic_block_afteraction()
{
	global $txt;

	$site = AfterActionForum::site();
	echo '
			<div class="sub_bar">
				<h4 class="subbg">
					<a href="', AfterActionForum::e($site . '/live'), '"><span class="main_icons stats"></span> ', $txt['afteraction_live'], '</a>
				</h4>
			</div>
			', AfterActionHooks::frame($site . '/embed/live', '', $txt['afteraction_live'], 260, '100%');
}
